// cel/library/omit.cc: kro's omit(). Source: kro pkg/cel/library/omit.go.

#include "cel/library/omit.h"

namespace weft::cel {

namespace {

constexpr Type omit_type{.kind = TypeKind::opaque, .name = "kro.omit"};

class Omit final : public Opaque {
public:
    static constexpr char class_id = 0;
    [[nodiscard]] const void* class_identity() const override { return &class_id; }
    [[nodiscard]] const Type* type() const override { return &omit_type; }
    [[nodiscard]] Value equals(const Value&, Arena& arena) const override {
        return make_error(arena, ErrorCode::invalid_argument,
                          "omit() is a field-removal sentinel and cannot be compared");
    }
    [[nodiscard]] std::string text() const override { return "omit()"; }
};

Value make_omit(Call&, std::span<const Value>) {
    static const Omit sentinel;
    return Value::opaque(&sentinel);
}

constexpr Documentation omit_documentation[] = {
    {"omit", "As the value of a field in a template: the field is left out.", "omit()", "omit()"},
};

}  // namespace

Library omit_library() {
    Library library("kro.omit");
    library.function("omit", {{.id = "omit_void", .signature = "() -> dyn", .call = make_omit}});
    library.document("Leaving fields out", omit_documentation);
    return library;
}

}  // namespace weft::cel
