// schema/protobuf.cc: Kubernetes' envelope around protobuf messages.

#include "schema/protobuf.h"

#include <utility>

#include "schema/go_json.h"
#include "schema/internal/protobuf_message.h"
#include "schema/internal/wire.h"
#include "schema/limits.h"

namespace weft::schema {

namespace {

constexpr std::string_view envelope_mark("k8s\0", 4);
constexpr std::string_view meta_definitions = "io.k8s.apimachinery.pkg.apis.meta.v1.";

// runtime.Unknown.
struct Envelope {
    std::string_view api_version;
    std::string_view kind;
    std::string_view raw;
    std::string_view encoding;
};

std::optional<Envelope> read_envelope(std::string_view bytes) {
    Envelope out;
    internal::WireReader reader(bytes);
    while (!reader.at_end()) {
        const auto field = reader.next();
        if (!field) {
            return std::nullopt;
        }
        if (field->type != internal::WireType::bytes) {
            continue;
        }
        if (field->number == 2) {
            out.raw = field->bytes;
        } else if (field->number == 3) {
            out.encoding = field->bytes;
        } else if (field->number == 1) {
            internal::WireReader type_meta(field->bytes);
            while (!type_meta.at_end()) {
                const auto part = type_meta.next();
                if (!part) {
                    return std::nullopt;
                }
                (part->number == 1 ? out.api_version : out.kind) = part->bytes;
            }
        }
    }
    return out;
}

std::string in_envelope(std::string_view api_version, std::string_view kind,
                        std::string_view message) {
    std::string type_meta;
    internal::write_bytes(type_meta, 1, api_version);
    internal::write_bytes(type_meta, 2, kind);
    std::string out(envelope_mark);
    out.reserve(message.size() + type_meta.size() + 24);
    internal::write_bytes(out, 1, type_meta);
    internal::write_bytes(out, 2, message);
    internal::write_bytes(out, 3, {});
    internal::write_bytes(out, 4, {});
    return out;
}

Result<GroupVersionKind> kind_of(std::string_view api_version, std::string_view kind) {
    const GroupVersion version = TRY(parse_api_version(api_version));
    return GroupVersionKind{version.group, version.version, std::string(kind)};
}

}  // namespace

Protobuf::Protobuf(const Builtin* builtin)
    : builtin_(builtin), types_(std::make_unique<GoTypes>(builtin)) {}
Protobuf::~Protobuf() = default;

bool Protobuf::has_envelope(std::string_view bytes) {
    return bytes.starts_with(envelope_mark);
}

std::optional<uint16_t> Protobuf::find(const GroupVersionKind& kind) const {
    const internal::Tables& tables = builtin_->tables();
    if (const auto found = tables.find_kind(kind.group, kind.version, kind.kind)) {
        return found;
    }
    if (kind.group == "meta.k8s.io") {
        return tables.find_definition(cat(meta_definitions, kind.kind));
    }
    return tables.find_definition(builtin_->find_every_version_kind(kind.kind));
}

bool Protobuf::knows(const GroupVersionKind& kind) const {
    return find(kind).has_value();
}

Result<Value> Protobuf::decode(std::string_view bytes, const GroupVersionKind* default_kind) const {
    if (!has_envelope(bytes)) {
        return make_error(Reason::bad_request,
                          "provided data does not appear to be a protobuf message, expected "
                          "prefix [107 56 115 0]");
    }
    const auto envelope = read_envelope(bytes.substr(envelope_mark.size()));
    if (!envelope) {
        return make_error(Reason::bad_request, "invalid protobuf envelope");
    }
    if (!envelope->encoding.empty()) {
        return make_error(Reason::bad_request, "unsupported content encoding ",
                          quote(envelope->encoding));
    }
    if (envelope->kind.empty() || envelope->api_version.empty()) {
        if (default_kind == nullptr) {
            return make_error(Reason::bad_request, "Object 'Kind' is missing in protobuf message");
        }
        return decode_message(envelope->raw, *default_kind);
    }
    const GroupVersionKind kind = TRY(kind_of(envelope->api_version, envelope->kind));
    return decode_message(envelope->raw, kind);
}

Result<Value> Protobuf::decode_message(std::string_view bytes, const GroupVersionKind& kind) const {
    if (bytes.size() > protobuf_bytes_max) {
        return make_error(Reason::request_entity_too_large, "protobuf message of ", bytes.size(),
                          " bytes: limit is ", protobuf_bytes_max);
    }
    const auto definition = find(kind);
    if (!definition) {
        return make_error(Reason::bad_request, "no kind ", quote(kind.kind),
                          " is registered for version ", quote(kind.api_version()));
    }
    Value message = TRY(internal::read_message(builtin_->tables(), *definition, bytes));
    if (message.is_map()) {
        message.set("kind", Value(kind.kind));
        message.set("apiVersion", Value(kind.api_version()));
    }
    return types_->canonical(builtin_->tables().definition_name(*definition), message);
}

Result<std::string> Protobuf::encode_message(const Value& object,
                                             const GroupVersionKind& kind) const {
    const auto definition = find(kind);
    if (!definition) {
        return make_error(Reason::not_acceptable, kind.text(), " has no protobuf form");
    }
    std::string out;
    TRY(internal::write_message(builtin_->tables(), *definition, object, out));
    return out;
}

Result<std::string> Protobuf::encode(const Value& object,
                                     const GroupVersionKind* default_kind) const {
    const std::string_view api_version = object.string_at("apiVersion");
    const std::string_view kind = object.string_at("kind");
    const bool is_named = !api_version.empty() || default_kind == nullptr;
    const GroupVersionKind known = is_named ? TRY(kind_of(api_version, kind)) : *default_kind;
    const std::string message = TRY(encode_message(object, known));
    return in_envelope(api_version, kind, message);
}

Result<std::string> Protobuf::encode_watch_event(std::string_view type, const Value& object) const {
    std::string raw;
    internal::write_bytes(raw, 1, TRY(encode(object)));
    std::string out;
    internal::write_bytes(out, 1, type);
    internal::write_bytes(out, 2, raw);
    return out;
}

}  // namespace weft::schema
