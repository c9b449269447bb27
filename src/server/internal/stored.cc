// server/internal/stored.cc: writes and reads the stored form of an object.
//
// Layout: "W1", flags (1: deleting, 2: builtin), then as varints: offsets into the JSON
// (revision, apiVersion and its size, body, metadata and its end), stamp, generation, then uid,
// labels, fields and owners as sized blocks, then the JSON. A block of pairs is texts, each behind
// its size.

#include "server/internal/stored.h"

#include "server/internal/metadata.h"

namespace weft::server {

namespace {

constexpr std::string_view magic = "W1";
constexpr unsigned char flag_deleting = 1;
constexpr unsigned char flag_builtin = 2;

void put_number(std::string& out, uint64_t number) {
    while (number >= 0x80) {
        out += static_cast<char>(number | 0x80);
        number >>= 7;
    }
    out += static_cast<char>(number);
}

void put_text(std::string& out, std::string_view text) {
    put_number(out, text.size());
    out += text;
}

uint64_t take_number(std::string_view& bytes) {
    uint64_t number = 0;
    for (unsigned shift = 0; !bytes.empty() && shift < 64; shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        number |= static_cast<uint64_t>(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) {
            break;
        }
    }
    return number;
}

std::string_view take_text(std::string_view& bytes) {
    const uint64_t size = take_number(bytes);
    CHECK(size <= bytes.size());
    const std::string_view text = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return text;
}

std::optional<std::string_view> find_pair(std::string_view pairs, std::string_view key) {
    while (!pairs.empty()) {
        const std::string_view name = take_text(pairs);
        const std::string_view value = take_text(pairs);
        if (name == key) {
            return value;
        }
    }
    return std::nullopt;
}

// The JSON, and where its parts came to lie.
struct Written {
    std::string json;
    size_t revision_at = 0;
    size_t api_version_at = 0;
    size_t api_version_size = 0;
    size_t body_at = 0;
    size_t metadata_at = 0;
    size_t metadata_end = 0;
};

// The members of metadata that Go prints before the resourceVersion.
bool is_before_revision(std::string_view name) {
    return name == "name" || name == "generateName" || name == "namespace" || name == "selfLink" ||
           name == "uid";
}

void write_revision(Written& out) {
    out.json += out.json.ends_with('{') ? "\"resourceVersion\":\"" : ",\"resourceVersion\":\"";
    out.revision_at = out.json.size();
    out.json += '"';
}

void write_metadata(Written& out, const Value& metadata, const JsonStyle& style) {
    out.metadata_at = out.json.size();
    out.json += '{';
    const bool has_revision = metadata.contains("resourceVersion");
    for (const Member& member : metadata.members()) {
        if (member.name() == "resourceVersion") {
            write_revision(out);
            continue;
        }
        if (!has_revision && out.revision_at == 0 && !is_before_revision(member.name())) {
            write_revision(out);
        }
        if (!out.json.ends_with('{')) {
            out.json += ',';
        }
        write_json_string(out.json, member.name());
        out.json += ':';
        write_json(out.json, member.value, style);
    }
    if (out.revision_at == 0) {
        write_revision(out);
    }
    out.json += '}';
    out.metadata_end = out.json.size();
}

Written write_object(const Value& object, const JsonStyle& style) {
    Written out;
    out.json += '{';
    bool first = true;
    for (const Member& member : object.members()) {
        if (!first) {
            out.json += ',';
        }
        first = false;
        const std::string_view name = member.name();
        if (name != "kind" && name != "apiVersion" && out.body_at == 0) {
            out.body_at = out.json.size();
        }
        write_json_string(out.json, name);
        out.json += ':';
        if (name == "metadata") {
            write_metadata(out, member.value, style);
        } else if (name == "apiVersion" && member.value.is_string()) {
            out.api_version_at = out.json.size() + 1;
            out.api_version_size = member.value.as_string().size();
            write_json(out.json, member.value);
        } else {
            write_json(out.json, member.value, style);
        }
    }
    out.json += '}';
    CHECK(out.metadata_at != 0);
    return out;
}

}  // namespace

namespace {

// Objects without a Go type are maps to a real server, and written as those: by name.
Value sorted_object(const Value& object) {
    Value sorted = object;
    sorted.sort_members();
    Value& metadata = sorted.mutable_member("metadata");
    if (!metadata.contains("resourceVersion")) {
        metadata.set("resourceVersion", "");
    }
    metadata.sort_members();
    return sorted;
}

// A new object has no version yet: its place is where Go writes it.
Value with_version_place(const Value& object) {
    if (object.find("metadata", "resourceVersion") != nullptr) {
        return object;
    }
    Value placed = object;
    set_metadata(placed.mutable_member("metadata"), "resourceVersion", "");
    return placed;
}

}  // namespace

std::string encode_stored(const Value& object, const StoredFacts& facts) {
    const JsonStyle style{.sort_keys = !facts.is_builtin};
    const Written written =
        write_object(facts.is_builtin ? with_version_place(object) : sorted_object(object), style);
    std::string out;
    out.reserve(written.json.size() + 256);
    out += magic;
    const bool deleting = object.find("metadata", "deletionTimestamp") != nullptr;
    out +=
        static_cast<char>((deleting ? flag_deleting : 0) | (facts.is_builtin ? flag_builtin : 0));
    for (const size_t number :
         {written.revision_at, written.api_version_at, written.api_version_size, written.body_at,
          written.metadata_at, written.metadata_end}) {
        put_number(out, number);
    }
    put_number(out, facts.stamp);
    put_number(out, static_cast<uint64_t>(object.int_at(0, "metadata", "generation")));
    put_text(out, object.string_at("metadata", "uid"));

    std::string pairs;
    if (const Value* labels = object.find("metadata", "labels")) {
        for (const Member& label : labels->members()) {
            put_text(pairs, label.name());
            put_text(pairs, label.value.is_string() ? label.value.as_string() : std::string_view());
        }
    }
    put_text(out, pairs);
    pairs.clear();
    for (const auto& [name, value] : facts.fields) {
        put_text(pairs, name);
        put_text(pairs, value);
    }
    put_text(out, pairs);
    pairs.clear();
    if (const Value* owners = object.find("metadata", "ownerReferences")) {
        for (const Value& owner : owners->items()) {
            put_text(pairs, owner.string_at("uid"));
        }
    }
    put_text(out, pairs);
    out += written.json;
    return out;
}

StoredView::StoredView(std::string_view bytes) {
    CHECK(bytes.starts_with(magic));
    const auto flags = static_cast<unsigned char>(bytes[magic.size()]);
    bytes.remove_prefix(magic.size() + 1);
    deleting_ = (flags & flag_deleting) != 0;
    is_builtin_ = (flags & flag_builtin) != 0;
    for (uint32_t* place : {&revision_at_, &api_version_at_, &api_version_size_, &body_at_,
                            &metadata_at_, &metadata_end_}) {
        *place = static_cast<uint32_t>(take_number(bytes));
    }
    stamp_ = take_number(bytes);
    generation_ = static_cast<int64_t>(take_number(bytes));
    uid_ = take_text(bytes);
    labels_ = take_text(bytes);
    fields_ = take_text(bytes);
    owners_ = take_text(bytes);
    json_ = bytes;
}

std::optional<std::string_view> StoredView::label(std::string_view key) const {
    return find_pair(labels_, key);
}

std::optional<std::string_view> StoredView::field(std::string_view key) const {
    return find_pair(fields_, key);
}

std::vector<std::string_view> StoredView::owner_uids() const {
    std::vector<std::string_view> uids;
    std::string_view rest = owners_;
    while (!rest.empty()) {
        uids.push_back(take_text(rest));
    }
    return uids;
}

Result<Value> StoredView::to_value(store::Revision revision) const {
    std::string text;
    text.reserve(json_.size() + 20);
    append(text, revision, api_version());
    return parse_json(text);
}

void StoredView::append(std::string& out, store::Revision revision, std::string_view wanted) const {
    if (wanted == api_version()) {
        out += json_.substr(0, revision_at_);
    } else {
        out += json_.substr(0, api_version_at_);
        out += wanted;
        const size_t after = api_version_at_ + api_version_size_;
        out += json_.substr(after, revision_at_ - after);
    }
    weft::append(out, revision);
    out += json_.substr(revision_at_);
}

void StoredView::append_item(std::string& out, store::Revision revision,
                             std::string_view wanted) const {
    if (!is_builtin_) {
        append(out, revision, wanted);
        return;
    }
    out += '{';
    out += json_.substr(body_at_, revision_at_ - body_at_);
    weft::append(out, revision);
    out += json_.substr(revision_at_);
}

void StoredView::append_metadata(std::string& out, store::Revision revision) const {
    out += json_.substr(metadata_at_, revision_at_ - metadata_at_);
    weft::append(out, revision);
    out += json_.substr(revision_at_, metadata_end_ - revision_at_);
}

}  // namespace weft::server
