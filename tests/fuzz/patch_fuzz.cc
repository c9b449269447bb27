// tests/fuzz/patch_fuzz.cc: the patches that clients send, over documents that they send too.
//
// The first byte chooses the kind of patch; then come JSON documents, one a line: what is patched,
// the patch, and what else the kind needs.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/text.h"
#include "merge/merge.h"
#include "object/json.h"
#include "schema/builtin.h"

namespace {

using namespace weft;  // NOLINT(google-build-using-namespace)

// A null inside is a removal, an empty map inside may be what a removal leaves.
bool has_null(const Value& value) {
    if (value.is_null()) {
        return true;
    }
    if (value.is_map()) {
        for (const auto& member : value.members()) {
            if (has_null(member.value)) {
                return true;
            }
        }
    }
    if (value.is_list()) {
        for (const Value& item : value.items()) {
            if (has_null(item)) {
                return true;
            }
        }
    }
    return false;
}

void check_merge(const Value& document, const Value& patch) {
    const Result<Value> patched = merge::apply_merge_patch(document, patch);
    if (patched && document.is_map() && patch.is_map()) {
        const Result<Value> again = merge::apply_merge_patch(*patched, patch);
        CHECK(again.has_value() && *again == *patched);
    }
}

void check_created(const Value& original, const Value& modified, const schema::Schema* schema) {
    if (!original.is_map() || !modified.is_map()) {
        return;
    }
    if (!has_null(original) && !has_null(modified)) {
        const Result<Value> patched =
            merge::apply_merge_patch(original, merge::create_merge_patch(original, modified));
        CHECK(patched.has_value() && *patched == modified);
    }
    const Result<Value> patch = merge::create_strategic_merge_patch(original, modified, schema);
    if (patch) {
        (void)merge::apply_strategic_merge_patch(original, *patch, schema);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    static const schema::SchemaPtr deployment =
        schema::Builtin::get().find_kind({.group = "apps", .version = "v1", .kind = "Deployment"});
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::vector<Value> documents;
    while (documents.size() < 3) {
        const size_t end = rest.find('\n');
        const Result<Value> document = parse_json(rest.substr(0, end));
        if (!document) {
            return 0;
        }
        documents.push_back(*document);
        if (end == std::string_view::npos) {
            break;
        }
        rest.remove_prefix(end + 1);
    }
    documents.resize(3);
    const Value& first = documents[0];
    const Value& second = documents[1];
    const Value& third = documents[2];
    switch (data[0]) {
        case 'j':
            if (const Result<Value> patched = merge::apply_json_patch(first, second); !patched) {
                (void)merge::json_patch_client_error(patched.error());
            }
            break;
        case 'm':
            check_merge(first, second);
            break;
        case 's':
            if (first.is_map() && second.is_map()) {
                (void)merge::apply_strategic_merge_patch(first, second, deployment.get());
                (void)merge::apply_strategic_merge_patch(first, second, nullptr);
                (void)merge::sort_merging_lists(first, deployment.get());
            }
            break;
        case 'c':
            check_created(first, second, deployment.get());
            break;
        case 't':
            if (first.is_map() && second.is_map() && third.is_map()) {
                (void)merge::create_three_way_merge_patch(first, second, third);
                (void)merge::create_three_way_strategic_merge_patch(first, second, third,
                                                                    deployment.get(), false);
            }
            break;
        default:
            break;
    }
    return 0;
}
