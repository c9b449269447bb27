// tests/conformance/cel/messages.h: protobuf messages for the cases: test code, no part of the
// product. Reads .proto files and represents messages as objects of CEL.

#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "cel/cel.h"
#include "tests/conformance/cel/textproto.h"

namespace weft::conformance {

struct MessageSet;

class Messages {
public:
    // The .proto files under a folder.
    explicit Messages(const std::filesystem::path& folder);
    ~Messages();
    Messages(const Messages&) = delete;
    Messages& operator=(const Messages&) = delete;

    // The object type, enum values and extensions as a library.
    [[nodiscard]] cel::Library library() const;
    [[nodiscard]] const cel::Type* type_named(std::string_view name) const;
    // "[type.googleapis.com/x.Y] { … }" as a value.
    [[nodiscard]] Result<cel::Value> any_of(const TextField& any, cel::Arena& arena) const;

private:
    std::unique_ptr<MessageSet> set_;
};

}  // namespace weft::conformance
