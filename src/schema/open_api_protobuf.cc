// schema/open_api_protobuf.cc: writes gnostic's messages by tables of their fields.

#include "schema/open_api_protobuf.h"

#include <bit>
#include <optional>
#include <span>

#include "object/yaml.h"
#include "schema/internal/backward.h"
#include "schema/limits.h"

namespace weft::schema {

namespace {

using internal::BackwardWriter;

// How a member of the JSON form lies in its message.
enum class MemberForm : uint8_t {
    text,
    texts,
    boolean,
    integer,
    number,
    any,   // as YAML text
    anys,  // a list of those
    type,  // a text, or several, in a message of its own
    message,
    messages,
    items,     // one schema in a message that could hold several
    named,     // a map, as a message of named values
    pattern,   // members that begin with '/' or are no extension: named values without a message
    extension  // members that begin with "x-"
};

enum class MessageType : uint8_t {
    none,
    info2,
    paths2,
    path_item2,
    operation2,
    body_parameter2,
    query_parameter2,
    path_parameter2,
    responses2,
    response2,
    schema2,
    document2,
    info3,
    paths3,
    path_item3,
    operation3,
    parameter3,
    request_body3,
    media_type3,
    responses3,
    response3,
    components3,
    security_scheme3,
    schema3,
    document3,
    // Messages with a choice inside.
    parameters_item2,
    response_value2,
    schema_item2,
    schema_or_bool2,
    schema_or_bool3,
    schema_or_reference3,
    parameter_or_reference3,
    request_body_or_reference3,
    response_or_reference3,
    security_scheme_or_reference3,
    default3,
};

struct MemberRow {
    std::string_view name;
    uint16_t number;
    MemberForm form;
    MessageType type = MessageType::none;
};

// By ascending number.
constexpr MemberRow info2[] = {{"title", 1, MemberForm::text},
                               {"version", 2, MemberForm::text},
                               {"description", 3, MemberForm::text}};
constexpr MemberRow paths2[] = {{"", 1, MemberForm::extension},
                                {"", 2, MemberForm::pattern, MessageType::path_item2}};
constexpr MemberRow path_item2[] = {
    {"$ref", 1, MemberForm::text},
    {"get", 2, MemberForm::message, MessageType::operation2},
    {"put", 3, MemberForm::message, MessageType::operation2},
    {"post", 4, MemberForm::message, MessageType::operation2},
    {"delete", 5, MemberForm::message, MessageType::operation2},
    {"options", 6, MemberForm::message, MessageType::operation2},
    {"head", 7, MemberForm::message, MessageType::operation2},
    {"patch", 8, MemberForm::message, MessageType::operation2},
    {"parameters", 9, MemberForm::messages, MessageType::parameters_item2},
    {"", 10, MemberForm::extension}};
constexpr MemberRow operation2[] = {
    {"tags", 1, MemberForm::texts},
    {"summary", 2, MemberForm::text},
    {"description", 3, MemberForm::text},
    {"operationId", 5, MemberForm::text},
    {"produces", 6, MemberForm::texts},
    {"consumes", 7, MemberForm::texts},
    {"parameters", 8, MemberForm::messages, MessageType::parameters_item2},
    {"responses", 9, MemberForm::message, MessageType::responses2},
    {"schemes", 10, MemberForm::texts},
    {"deprecated", 11, MemberForm::boolean},
    {"", 13, MemberForm::extension}};
constexpr MemberRow body_parameter2[] = {{"description", 1, MemberForm::text},
                                         {"name", 2, MemberForm::text},
                                         {"in", 3, MemberForm::text},
                                         {"required", 4, MemberForm::boolean},
                                         {"schema", 5, MemberForm::message, MessageType::schema2},
                                         {"", 6, MemberForm::extension}};
constexpr MemberRow query_parameter2[] = {{"required", 1, MemberForm::boolean},
                                          {"in", 2, MemberForm::text},
                                          {"description", 3, MemberForm::text},
                                          {"name", 4, MemberForm::text},
                                          {"allowEmptyValue", 5, MemberForm::boolean},
                                          {"type", 6, MemberForm::text},
                                          {"format", 7, MemberForm::text},
                                          {"collectionFormat", 9, MemberForm::text},
                                          {"default", 10, MemberForm::any},
                                          {"pattern", 17, MemberForm::text},
                                          {"uniqueItems", 20, MemberForm::boolean},
                                          {"enum", 21, MemberForm::anys},
                                          {"", 23, MemberForm::extension}};
constexpr MemberRow path_parameter2[] = {{"required", 1, MemberForm::boolean},
                                         {"in", 2, MemberForm::text},
                                         {"description", 3, MemberForm::text},
                                         {"name", 4, MemberForm::text},
                                         {"type", 5, MemberForm::text},
                                         {"format", 6, MemberForm::text},
                                         {"collectionFormat", 8, MemberForm::text},
                                         {"default", 9, MemberForm::any},
                                         {"pattern", 16, MemberForm::text},
                                         {"uniqueItems", 19, MemberForm::boolean},
                                         {"enum", 20, MemberForm::anys},
                                         {"", 22, MemberForm::extension}};
constexpr MemberRow responses2[] = {{"", 1, MemberForm::pattern, MessageType::response_value2},
                                    {"", 2, MemberForm::extension}};
constexpr MemberRow response2[] = {{"description", 1, MemberForm::text},
                                   {"schema", 2, MemberForm::message, MessageType::schema_item2},
                                   {"", 5, MemberForm::extension}};
constexpr MemberRow schema2[] = {
    {"$ref", 1, MemberForm::text},
    {"format", 2, MemberForm::text},
    {"title", 3, MemberForm::text},
    {"description", 4, MemberForm::text},
    {"default", 5, MemberForm::any},
    {"multipleOf", 6, MemberForm::number},
    {"maximum", 7, MemberForm::number},
    {"exclusiveMaximum", 8, MemberForm::boolean},
    {"minimum", 9, MemberForm::number},
    {"exclusiveMinimum", 10, MemberForm::boolean},
    {"maxLength", 11, MemberForm::integer},
    {"minLength", 12, MemberForm::integer},
    {"pattern", 13, MemberForm::text},
    {"maxItems", 14, MemberForm::integer},
    {"minItems", 15, MemberForm::integer},
    {"uniqueItems", 16, MemberForm::boolean},
    {"maxProperties", 17, MemberForm::integer},
    {"minProperties", 18, MemberForm::integer},
    {"required", 19, MemberForm::texts},
    {"enum", 20, MemberForm::anys},
    {"additionalProperties", 21, MemberForm::message, MessageType::schema_or_bool2},
    {"type", 22, MemberForm::type},
    {"items", 23, MemberForm::items, MessageType::schema2},
    {"allOf", 24, MemberForm::messages, MessageType::schema2},
    {"properties", 25, MemberForm::named, MessageType::schema2},
    {"discriminator", 26, MemberForm::text},
    {"readOnly", 27, MemberForm::boolean},
    {"example", 30, MemberForm::any},
    {"", 31, MemberForm::extension}};
constexpr MemberRow document2[] = {{"swagger", 1, MemberForm::text},
                                   {"info", 2, MemberForm::message, MessageType::info2},
                                   {"host", 3, MemberForm::text},
                                   {"basePath", 4, MemberForm::text},
                                   {"schemes", 5, MemberForm::texts},
                                   {"consumes", 6, MemberForm::texts},
                                   {"produces", 7, MemberForm::texts},
                                   {"paths", 8, MemberForm::message, MessageType::paths2},
                                   {"definitions", 9, MemberForm::named, MessageType::schema2},
                                   {"", 16, MemberForm::extension}};

constexpr MemberRow info3[] = {{"title", 1, MemberForm::text},
                               {"description", 2, MemberForm::text},
                               {"version", 6, MemberForm::text},
                               {"", 7, MemberForm::extension}};
constexpr MemberRow paths3[] = {{"", 1, MemberForm::pattern, MessageType::path_item3},
                                {"", 2, MemberForm::extension}};
constexpr MemberRow path_item3[] = {
    {"$ref", 1, MemberForm::text},
    {"summary", 2, MemberForm::text},
    {"description", 3, MemberForm::text},
    {"get", 4, MemberForm::message, MessageType::operation3},
    {"put", 5, MemberForm::message, MessageType::operation3},
    {"post", 6, MemberForm::message, MessageType::operation3},
    {"delete", 7, MemberForm::message, MessageType::operation3},
    {"options", 8, MemberForm::message, MessageType::operation3},
    {"head", 9, MemberForm::message, MessageType::operation3},
    {"patch", 10, MemberForm::message, MessageType::operation3},
    {"trace", 11, MemberForm::message, MessageType::operation3},
    {"parameters", 13, MemberForm::messages, MessageType::parameter_or_reference3},
    {"", 14, MemberForm::extension}};
constexpr MemberRow operation3[] = {
    {"tags", 1, MemberForm::texts},
    {"summary", 2, MemberForm::text},
    {"description", 3, MemberForm::text},
    {"operationId", 5, MemberForm::text},
    {"parameters", 6, MemberForm::messages, MessageType::parameter_or_reference3},
    {"requestBody", 7, MemberForm::message, MessageType::request_body_or_reference3},
    {"responses", 8, MemberForm::message, MessageType::responses3},
    {"deprecated", 10, MemberForm::boolean},
    {"", 13, MemberForm::extension}};
constexpr MemberRow parameter3[] = {
    {"name", 1, MemberForm::text},
    {"in", 2, MemberForm::text},
    {"description", 3, MemberForm::text},
    {"required", 4, MemberForm::boolean},
    {"deprecated", 5, MemberForm::boolean},
    {"allowEmptyValue", 6, MemberForm::boolean},
    {"style", 7, MemberForm::text},
    {"explode", 8, MemberForm::boolean},
    {"allowReserved", 9, MemberForm::boolean},
    {"schema", 10, MemberForm::message, MessageType::schema_or_reference3},
    {"content", 13, MemberForm::named, MessageType::media_type3},
    {"", 14, MemberForm::extension}};
constexpr MemberRow request_body3[] = {{"description", 1, MemberForm::text},
                                       {"content", 2, MemberForm::named, MessageType::media_type3},
                                       {"required", 3, MemberForm::boolean},
                                       {"", 4, MemberForm::extension}};
constexpr MemberRow media_type3[] = {
    {"schema", 1, MemberForm::message, MessageType::schema_or_reference3},
    {"", 5, MemberForm::extension}};
constexpr MemberRow responses3[] = {
    {"default", 1, MemberForm::message, MessageType::response_or_reference3},
    {"", 2, MemberForm::pattern, MessageType::response_or_reference3},
    {"", 3, MemberForm::extension}};
constexpr MemberRow response3[] = {{"description", 1, MemberForm::text},
                                   {"content", 3, MemberForm::named, MessageType::media_type3},
                                   {"", 5, MemberForm::extension}};
constexpr MemberRow components3[] = {
    {"schemas", 1, MemberForm::named, MessageType::schema_or_reference3},
    {"securitySchemes", 7, MemberForm::named, MessageType::security_scheme_or_reference3},
    {"", 10, MemberForm::extension}};
constexpr MemberRow security_scheme3[] = {
    {"type", 1, MemberForm::text},   {"description", 2, MemberForm::text},
    {"name", 3, MemberForm::text},   {"in", 4, MemberForm::text},
    {"scheme", 5, MemberForm::text}, {"bearerFormat", 6, MemberForm::text},
    {"", 9, MemberForm::extension}};
constexpr MemberRow schema3[] = {
    {"nullable", 1, MemberForm::boolean},
    {"readOnly", 3, MemberForm::boolean},
    {"writeOnly", 4, MemberForm::boolean},
    {"example", 7, MemberForm::any},
    {"deprecated", 8, MemberForm::boolean},
    {"title", 9, MemberForm::text},
    {"multipleOf", 10, MemberForm::number},
    {"maximum", 11, MemberForm::number},
    {"exclusiveMaximum", 12, MemberForm::boolean},
    {"minimum", 13, MemberForm::number},
    {"exclusiveMinimum", 14, MemberForm::boolean},
    {"maxLength", 15, MemberForm::integer},
    {"minLength", 16, MemberForm::integer},
    {"pattern", 17, MemberForm::text},
    {"maxItems", 18, MemberForm::integer},
    {"minItems", 19, MemberForm::integer},
    {"uniqueItems", 20, MemberForm::boolean},
    {"maxProperties", 21, MemberForm::integer},
    {"minProperties", 22, MemberForm::integer},
    {"required", 23, MemberForm::texts},
    {"enum", 24, MemberForm::anys},
    {"type", 25, MemberForm::text},
    {"allOf", 26, MemberForm::messages, MessageType::schema_or_reference3},
    {"oneOf", 27, MemberForm::messages, MessageType::schema_or_reference3},
    {"anyOf", 28, MemberForm::messages, MessageType::schema_or_reference3},
    {"not", 29, MemberForm::message, MessageType::schema3},
    {"items", 30, MemberForm::items, MessageType::schema_or_reference3},
    {"properties", 31, MemberForm::named, MessageType::schema_or_reference3},
    {"additionalProperties", 32, MemberForm::message, MessageType::schema_or_bool3},
    {"default", 33, MemberForm::message, MessageType::default3},
    {"description", 34, MemberForm::text},
    {"format", 35, MemberForm::text},
    {"", 36, MemberForm::extension}};
constexpr MemberRow document3[] = {{"openapi", 1, MemberForm::text},
                                   {"info", 2, MemberForm::message, MessageType::info3},
                                   {"paths", 4, MemberForm::message, MessageType::paths3},
                                   {"components", 5, MemberForm::message, MessageType::components3},
                                   {"", 9, MemberForm::extension}};

std::span<const MemberRow> fields_of(MessageType type) {
    switch (type) {
        case MessageType::info2:
            return info2;
        case MessageType::paths2:
            return paths2;
        case MessageType::path_item2:
            return path_item2;
        case MessageType::operation2:
            return operation2;
        case MessageType::body_parameter2:
            return body_parameter2;
        case MessageType::query_parameter2:
            return query_parameter2;
        case MessageType::path_parameter2:
            return path_parameter2;
        case MessageType::responses2:
            return responses2;
        case MessageType::response2:
            return response2;
        case MessageType::schema2:
            return schema2;
        case MessageType::document2:
            return document2;
        case MessageType::info3:
            return info3;
        case MessageType::paths3:
            return paths3;
        case MessageType::path_item3:
            return path_item3;
        case MessageType::operation3:
            return operation3;
        case MessageType::parameter3:
            return parameter3;
        case MessageType::request_body3:
            return request_body3;
        case MessageType::media_type3:
            return media_type3;
        case MessageType::responses3:
            return responses3;
        case MessageType::response3:
            return response3;
        case MessageType::components3:
            return components3;
        case MessageType::security_scheme3:
            return security_scheme3;
        case MessageType::schema3:
            return schema3;
        case MessageType::document3:
            return document3;
        default:
            return {};
    }
}

bool is_extension(std::string_view name) {
    return name.starts_with("x-");
}

int64_t int_of(const Value& value) {
    return value.is_int() ? value.as_int() : static_cast<int64_t>(value.to_double());
}

class GnosticWriter {
public:
    explicit GnosticWriter(BackwardWriter& out) : out_(out) {}

    void write(MessageType type, const Value& value, size_t depth = 0) {
        if (depth > schema_depth_max || write_choice(type, value, depth)) {
            return;
        }
        const std::span<const MemberRow> fields = fields_of(type);
        for (size_t i = fields.size(); i > 0; --i) {
            const MemberRow& field = fields[i - 1];
            if (field.form == MemberForm::extension) {
                write_named(field, value, depth, is_extension);
            } else if (field.form == MemberForm::pattern) {
                write_named(field, value, depth, [fields](std::string_view name) {
                    for (const MemberRow& known : fields) {
                        if (known.name == name) {
                            return false;
                        }
                    }
                    return !is_extension(name);
                });
            } else if (const Value* member = value.find(field.name)) {
                write_field(field, *member, depth);
            }
        }
    }

private:
    void write_field(const MemberRow& field, const Value& value, size_t depth) {
        switch (field.form) {
            case MemberForm::text:
                if (value.is_string() && !value.as_string().empty()) {
                    out_.bytes_field(field.number, value.as_string());
                }
                return;
            case MemberForm::texts:
                write_texts(field.number, value);
                return;
            case MemberForm::boolean:
                if (value.is_bool() && value.as_bool()) {
                    out_.number_field(field.number, 1);
                }
                return;
            case MemberForm::integer:
                if (value.is_number() && int_of(value) != 0) {
                    out_.number_field(field.number, int_of(value));
                }
                return;
            case MemberForm::number:
                if (value.is_number() && value.to_double() != 0) {
                    out_.double_field(field.number, std::bit_cast<uint64_t>(value.to_double()));
                }
                return;
            case MemberForm::any:
                write_any(field.number, value);
                return;
            case MemberForm::anys:
                for (size_t i = value.items().size(); i > 0; --i) {
                    write_any(field.number, value.items()[i - 1]);
                }
                return;
            case MemberForm::type: {
                const size_t begun = out_.size();
                if (value.is_string()) {
                    out_.bytes_field(1, value.as_string());
                } else {
                    write_texts(1, value);
                }
                out_.close_field(field.number, begun);
                return;
            }
            case MemberForm::message:
                write_message(field.number, field.type, value, depth);
                return;
            case MemberForm::messages:
                for (size_t i = value.items().size(); i > 0; --i) {
                    write_message(field.number, field.type, value.items()[i - 1], depth);
                }
                return;
            case MemberForm::items: {
                const size_t begun = out_.size();
                write_message(1, field.type, value, depth);
                out_.close_field(field.number, begun);
                return;
            }
            case MemberForm::named: {
                const size_t begun = out_.size();
                write_named(
                    {.name = {}, .number = 1, .form = MemberForm::pattern, .type = field.type},
                    value, depth, [](std::string_view) { return true; });
                out_.close_field(field.number, begun);
                return;
            }
            default:
                return;
        }
    }

    void write_texts(uint32_t number, const Value& value) {
        const std::span<const Value> items = value.items();
        for (size_t i = items.size(); i > 0; --i) {
            if (items[i - 1].is_string()) {
                out_.bytes_field(number, items[i - 1].as_string());
            }
        }
    }

    void write_any(uint32_t number, const Value& value) {
        const size_t begun = out_.size();
        out_.bytes_field(2, to_yaml(value));
        out_.close_field(number, begun);
    }

    void write_message(uint32_t number, MessageType type, const Value& value, size_t depth) {
        const size_t begun = out_.size();
        write(type, value, depth + 1);
        out_.close_field(number, begun);
    }

    // The members whose names are wanted, each as a message of its name (1) and its value (2).
    template <typename Wanted>
    void write_named(const MemberRow& field, const Value& value, size_t depth,
                     const Wanted& wanted) {
        const std::span<const Member> members = value.members();
        for (size_t i = members.size(); i > 0; --i) {
            const Member& member = members[i - 1];
            if (!wanted(member.name())) {
                continue;
            }
            const size_t begun = out_.size();
            if (field.form == MemberForm::extension) {
                write_any(2, member.value);
            } else {
                write_message(2, field.type, member.value, depth);
            }
            if (!member.name().empty()) {
                out_.bytes_field(1, member.name());
            }
            out_.close_field(field.number, begun);
        }
    }

    // Messages that hold one of several.
    bool write_choice(MessageType type, const Value& value, size_t depth) {
        const Value* reference = value.find("$ref");
        switch (type) {
            case MessageType::parameters_item2:
                if (reference != nullptr) {
                    write_reference(*reference);
                } else {
                    write_parameter(value, depth);
                }
                return true;
            case MessageType::response_value2:
                return write_or_reference(MessageType::response2, value, reference, depth);
            case MessageType::schema_item2:
                write_message(1, MessageType::schema2, value, depth);
                return true;
            case MessageType::schema_or_bool2:
            case MessageType::schema_or_bool3:
                if (value.is_bool()) {
                    out_.number_field(2, value.as_bool() ? 1 : 0);
                } else {
                    write_message(1,
                                  type == MessageType::schema_or_bool2
                                      ? MessageType::schema2
                                      : MessageType::schema_or_reference3,
                                  value, depth);
                }
                return true;
            case MessageType::schema_or_reference3:
                return write_or_reference(MessageType::schema3, value, reference, depth);
            case MessageType::parameter_or_reference3:
                return write_or_reference(MessageType::parameter3, value, reference, depth);
            case MessageType::request_body_or_reference3:
                return write_or_reference(MessageType::request_body3, value, reference, depth);
            case MessageType::response_or_reference3:
                return write_or_reference(MessageType::response3, value, reference, depth);
            case MessageType::security_scheme_or_reference3:
                return write_or_reference(MessageType::security_scheme3, value, reference, depth);
            case MessageType::default3:
                if (value.is_number()) {
                    out_.double_field(1, std::bit_cast<uint64_t>(value.to_double()));
                } else if (value.is_bool()) {
                    out_.number_field(2, value.as_bool() ? 1 : 0);
                } else if (value.is_string()) {
                    out_.bytes_field(3, value.as_string());
                }
                return true;
            default:
                return false;
        }
    }

    void write_reference(const Value& reference) {
        const size_t begun = out_.size();
        out_.bytes_field(1, reference.as_string());
        out_.close_field(2, begun);
    }

    bool write_or_reference(MessageType type, const Value& value, const Value* reference,
                            size_t depth) {
        if (reference != nullptr && reference->is_string()) {
            write_reference(*reference);
        } else {
            write_message(1, type, value, depth);
        }
        return true;
    }

    void write_parameter(const Value& value, size_t depth) {
        const size_t begun = out_.size();
        const std::string_view in = value.string_at("in");
        if (in == "body") {
            write_message(1, MessageType::body_parameter2, value, depth);
        } else {
            const size_t inner = out_.size();
            const bool is_query = in == "query";
            write_message(is_query ? 3 : 4,
                          is_query ? MessageType::query_parameter2 : MessageType::path_parameter2,
                          value, depth);
            out_.close_field(2, inner);
        }
        out_.close_field(1, begun);
    }

    BackwardWriter& out_;
};

std::string write_document(MessageType type, const Value& document) {
    BackwardWriter out(64UL * 1024);
    GnosticWriter(out).write(type, document);
    return out.take();
}

}  // namespace

std::string open_api_v2_protobuf(const Value& document) {
    return write_document(MessageType::document2, document);
}

std::string open_api_v3_protobuf(const Value& document) {
    return write_document(MessageType::document3, document);
}

}  // namespace weft::schema
