// tests/conformance/cel/messages.cc: protobuf messages for the cases.

#include "tests/conformance/cel/messages.h"

namespace weft::conformance {

struct MessageSet {};

Messages::Messages(const std::filesystem::path&) : set_(std::make_unique<MessageSet>()) {}
Messages::~Messages() = default;

cel::Library Messages::library() const {
    return cel::Library("conformance.messages");
}

const cel::Type* Messages::type_named(std::string_view) const {
    return nullptr;
}

Result<cel::Value> Messages::any_of(const TextField& any, cel::Arena&) const {
    return make_error(Reason::invalid, "unknown message ", any.name);
}

}  // namespace weft::conformance
