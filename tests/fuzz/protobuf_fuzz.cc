// tests/fuzz/protobuf_fuzz.cc: bytes that claim to be a Kubernetes object in protobuf.
//
// What decodes must encode, and what was encoded must decode and encode to the same bytes. (The
// first object may have less: a field that is no pointer is always written, and foreign bytes may
// lack it.)

#include <cstddef>
#include <cstdint>

#include "schema/protobuf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace weft;
    static const schema::Protobuf protobuf(&schema::Builtin::get());
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const GroupVersionKind pod{"", "v1", "Pod"};

    const Result<Value> object = schema::Protobuf::has_envelope(bytes)
                                     ? protobuf.decode(bytes, &pod)
                                     : protobuf.decode_message(bytes, pod);
    if (!object || !object->is_map() || object->string_at("kind").empty()) {
        return 0;
    }
    const Result<std::string> encoded = protobuf.encode(*object);
    CHECK(encoded.has_value());
    const Result<Value> again = protobuf.decode(*encoded);
    CHECK(again.has_value());
    CHECK(protobuf.encode(*again).value() == *encoded);
    return 0;
}
