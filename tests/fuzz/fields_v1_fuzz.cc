// tests/fuzz/fields_v1_fuzz.cc: what is read as FieldsV1 is written and read back the same.

#include <cstdint>
#include <string_view>

#include "merge/field_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using weft::merge::FieldSet;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const weft::Result<FieldSet> set = FieldSet::parse(text);
    if (!set) {
        return 0;
    }
    const std::string written = set->serialized();
    const weft::Result<FieldSet> again = FieldSet::parse(written);
    CHECK(again.has_value());
    CHECK(*again == *set);
    CHECK(again->serialized() == written);
    CHECK(set->difference(*again).empty());
    CHECK(set->union_with(again->leaves()) == *set);
    CHECK(set->intersection(*again) == *set);
    return 0;
}
