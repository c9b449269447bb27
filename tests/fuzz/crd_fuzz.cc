// tests/fuzz/crd_fuzz.cc: a definition and an object of it, one JSON document a line.
//
// What is accepted must become a kind, and a kind must cope with any object.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "crd/crd.h"
#include "object/object.h"

namespace {

void try_object(const weft::crd::Kind& kind, const weft::Value& document) {
    weft::Value object = document;
    std::vector<std::string> unknown;
    if (!kind.decode(object, &unknown)) {
        object = document;
        if (!kind.decode(object, nullptr, true)) {
            return;
        }
    }
    weft::Value created = object;
    kind.prepare_create(created);
    static_cast<void>(kind.validate_create(created));
    static_cast<void>(kind.validate_update(created, object));
    static_cast<void>(kind.validate_status_update(created, object));
    static_cast<void>(kind.cells(created, weft::Time{}));
    static_cast<void>(kind.selectable_values(created));
    static_cast<void>(kind.scale_of(created));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const size_t end = text.find('\n');
    auto definition = weft::parse_json(text.substr(0, end));
    if (!definition || !definition->is_map()) {
        return 0;
    }
    const weft::Value* metadata = definition->find("metadata");
    if (metadata != nullptr && !metadata->is_map()) {
        return 0;  // Refused where the body is decoded, before anything is made of it.
    }
    weft::crd::apply_defaults(*definition);
    weft::crd::prepare_create(*definition);
    const bool is_accepted = weft::crd::validate_create(*definition).empty();
    static_cast<void>(weft::crd::update_status(*definition, {}, weft::Time{}));
    static_cast<void>(weft::crd::warnings(*definition, nullptr));
    if (!is_accepted) {
        return 0;
    }
    const weft::Value* versions = definition->find("spec", "versions");
    const auto object =
        weft::parse_json(end == std::string_view::npos ? std::string_view() : text.substr(end));
    for (const weft::Value& version : versions->items()) {
        const auto kind = weft::crd::Kind::make(*definition, version.string_at("name"));
        if (!kind) {
            __builtin_trap();
        }
        if (object && object->is_map()) {
            try_object(**kind, *object);
        }
    }
    return 0;
}
