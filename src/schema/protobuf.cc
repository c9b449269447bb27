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

// Puts an envelope around the message that was written since `begun`.
void close_envelope(internal::BackwardWriter& out, size_t begun, std::string_view api_version,
                    std::string_view kind) {
    out.close_field(2, begun);
    const size_t type_meta = out.size();
    out.bytes_field(2, kind);
    out.bytes_field(1, api_version);
    out.close_field(1, type_meta);
    out.bytes(envelope_mark);
}

// The last fields of an envelope, which are always empty, come before its message is written.
size_t open_envelope(internal::BackwardWriter& out) {
    out.bytes_field(4, {});
    out.bytes_field(3, {});
    return out.size();
}

Error no_protobuf_form(const GroupVersionKind& kind) {
    return make_error(Reason::not_acceptable, kind.text(), " has no protobuf form");
}

Result<GroupVersionKind> kind_of(std::string_view api_version, std::string_view kind) {
    const GroupVersion version = TRY(parse_api_version(api_version));
    return GroupVersionKind{version.group, version.version, std::string(kind)};
}

}  // namespace

Protobuf::Protobuf(const Builtin* builtin)
    : builtin_(builtin),
      types_(std::make_unique<GoTypes>(builtin)),
      fields_(std::make_unique<internal::FieldsInOrder>(&builtin->tables())) {}
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

Status Protobuf::write(const Value& object, const GroupVersionKind* default_kind,
                       internal::BackwardWriter& out) const {
    const std::string_view api_version = object.string_at("apiVersion");
    const std::string_view kind = object.string_at("kind");
    const bool is_named = !api_version.empty() || default_kind == nullptr;
    const GroupVersionKind known = is_named ? TRY(kind_of(api_version, kind)) : *default_kind;
    const auto definition = find(known);
    if (!definition) {
        return no_protobuf_form(known);
    }
    const size_t begun = open_envelope(out);
    TRY(internal::write_message(*fields_, *definition, object, out));
    close_envelope(out, begun, api_version, kind);
    return {};
}

Result<std::string> Protobuf::encode(const Value& object,
                                     const GroupVersionKind* default_kind) const {
    internal::BackwardWriter out;
    TRY(write(object, default_kind, out));
    return out.take();
}

Result<std::string> Protobuf::encode_list(const GroupVersionKind& kind, const Value& metadata,
                                          size_t count, const ListItems& items) const {
    const internal::Tables& tables = builtin_->tables();
    const auto list = find(kind);
    if (!list) {
        return no_protobuf_form(kind);
    }
    const internal::DefinitionRow definition = tables.definition(*list);
    std::optional<internal::FieldRow> metadata_row;
    std::optional<internal::FieldRow> items_row;
    for (size_t i = 0; i < definition.field_count; ++i) {
        const internal::FieldRow row = tables.field(definition.first_field + i);
        if (row.name == "metadata") {
            metadata_row = row;
        } else if (row.name == "items") {
            items_row = row;
        }
    }
    if (!metadata_row || !items_row || !metadata_row->definition || !items_row->definition) {
        return no_protobuf_form(kind);
    }
    // The fields are written backwards: items have the higher number in every list.
    CHECK(metadata_row->path[0] < items_row->path[0]);
    internal::BackwardWriter out;
    const size_t begun = open_envelope(out);
    for (size_t i = count; i > 0; --i) {
        const std::string* known = items.known ? items.known(i - 1) : nullptr;
        if (known != nullptr) {
            out.bytes_field(items_row->path[0], *known);
            continue;
        }
        const Value object = TRY(items.item(i - 1));
        const size_t message = out.size();
        TRY(internal::write_message(*fields_, *items_row->definition, object, out));
        if (items.made) {
            items.made(i - 1, out.since(message));
        }
        out.close_field(items_row->path[0], message);
    }
    const size_t message = out.size();
    TRY(internal::write_message(*fields_, *metadata_row->definition, metadata, out));
    out.close_field(metadata_row->path[0], message);
    close_envelope(out, begun, kind.api_version(), kind.kind);
    return out.take();
}

Result<std::string> Protobuf::encode_watch_frame(std::string_view type, const Value& object) const {
    internal::BackwardWriter out;
    TRY(write(object, nullptr, out));
    out.close_field(1, 0);
    out.close_field(2, 0);
    out.bytes_field(1, type);
    const auto size = static_cast<uint32_t>(out.size());
    for (unsigned shift = 0; shift < 32; shift += 8) {
        const char byte = static_cast<char>(size >> shift);
        out.bytes({&byte, 1});
    }
    return out.take();
}

}  // namespace weft::schema
