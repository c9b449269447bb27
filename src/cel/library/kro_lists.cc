// cel/library/kro_lists.cc: lists with one item changed. Source: kro pkg/cel/library/lists.go.

#include "cel/library/kro_lists.h"

namespace weft::cel {

namespace {

// `skipped` items at the index make way for `replacement` (null: for nothing).
Value splice(Call& call, const Value& list, size_t index, size_t skipped,
             const Value* replacement) {
    ListBuilder out(call.arena(), list.size() + 1);
    for (size_t i = 0; i < index; ++i) {
        out.add(list.item(i, call.arena()));
    }
    if (replacement != nullptr) {
        out.add(*replacement);
    }
    for (size_t i = index + skipped; i < list.size(); ++i) {
        out.add(list.item(i, call.arena()));
    }
    return out.finish();
}

bool is_index(const Value& index, size_t end) {
    return index.as_int() >= 0 && static_cast<uint64_t>(index.as_int()) < end;
}

// The words are no "index out of bounds": kro does not wait for data because of them.
Value index_error(Call& call, std::string_view function, std::span<const Value> args, char end) {
    return call.error(ErrorCode::invalid_argument, "lists.", function, ": index ", args[1].as_int(),
                      " out of bounds [0, ", args[0].size(), end);
}

Value set_at_index(Call& call, std::span<const Value> args) {
    return is_index(args[1], args[0].size())
               ? splice(call, args[0], static_cast<size_t>(args[1].as_int()), 1, &args[2])
               : index_error(call, "setAtIndex", args, ')');
}

Value insert_at_index(Call& call, std::span<const Value> args) {
    return is_index(args[1], args[0].size() + 1)
               ? splice(call, args[0], static_cast<size_t>(args[1].as_int()), 0, &args[2])
               : index_error(call, "insertAtIndex", args, ']');
}

Value remove_at_index(Call& call, std::span<const Value> args) {
    return is_index(args[1], args[0].size())
               ? splice(call, args[0], static_cast<size_t>(args[1].as_int()), 1, nullptr)
               : index_error(call, "removeAtIndex", args, ')');
}

constexpr Documentation kro_lists_documentation[] = {
    {"lists.setAtIndex", "The list with another item at an index.",
     "lists.setAtIndex([1, 2, 3], 1, 9)", "[1, 9, 3]"},
    {"lists.insertAtIndex", "The list with one more item at an index.",
     "lists.insertAtIndex([1, 2], 1, 9)", "[1, 9, 2]"},
    {"lists.removeAtIndex", "The list without the item at an index.",
     "lists.removeAtIndex([1, 2, 3], 0)", "[2, 3]"},
};

}  // namespace

Library kro_lists_library() {
    Library library("kro.lists");
    library.function("lists.setAtIndex", {{.id = "lists.setAtIndex_list_int_T",
                                           .signature = "(list(T), int, T) -> list(T)",
                                           .call = set_at_index}});
    library.function("lists.insertAtIndex", {{.id = "lists.insertAtIndex_list_int_T",
                                              .signature = "(list(T), int, T) -> list(T)",
                                              .call = insert_at_index}});
    library.function("lists.removeAtIndex", {{.id = "lists.removeAtIndex_list_int",
                                              .signature = "(list(T), int) -> list(T)",
                                              .call = remove_at_index}});
    library.document("Lists of kro", kro_lists_documentation);
    return library;
}

}  // namespace weft::cel
