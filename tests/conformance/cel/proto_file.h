// tests/conformance/cel/proto_file.h: reads the messages and enums of .proto files.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace weft::conformance {

struct ProtoField {
    std::string name;  // of an extension: the full name
    std::string type;  // "int32", or the full name of a message or enum
    std::string key;   // of a map: the type of its keys
    std::string default_text;
    bool has_default = false;
    bool is_repeated = false;
    bool has_presence = false;  // of a scalar: unset is not zero
    int oneof = 0;              // 0: in none
    uint64_t number = 0;
};

struct ProtoMessage {
    std::string name;
    std::vector<ProtoField> fields;
};

struct ProtoEnum {
    std::string name;
    std::vector<std::pair<std::string, int64_t>> values;
};

struct ProtoFiles {
    std::map<std::string, ProtoMessage, std::less<>> messages;
    std::map<std::string, ProtoEnum, std::less<>> enums;

    // Adds what a file declares; call `resolve` after the last.
    void parse(std::string_view text);
    // Makes the names of types full.
    void resolve();
};

}  // namespace weft::conformance
