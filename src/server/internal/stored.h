// server/internal/stored.h: how an object lies in the store: its JSON, with what is hot beside it.
//
// The JSON is complete but for the digits of metadata.resourceVersion: the revision is known only
// when the commit is done, so readers splice it in. What lists and watches look at (labels, fields
// that selectors may name, uid, where the parts of the JSON lie) stands in front of it, so that
// neither a list nor a watch parses anything.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "object/object.h"
#include "store/store.h"

namespace weft::server {

// What the encoder must be told about an object besides the object.
struct StoredFacts {
    // Fields that selectors of this kind may name, with their values.
    std::vector<std::pair<std::string, std::string>> fields;
    // Says which schema the object was defaulted and pruned by; readers with another stamp redo it.
    uint64_t stamp = 0;
    // Kinds of a Go type are printed without kind and apiVersion inside lists.
    bool is_builtin = true;
};

// Members in the order they are to be printed; metadata.resourceVersion of the object is ignored.
[[nodiscard]] std::string encode_stored(const Value& object, const StoredFacts& facts);

// A view into stored bytes; borrowed from them. Invariant: made of bytes that encode_stored made
// (CHECKed by the magic; a store written by somebody else is not input).
class StoredView {
public:
    explicit StoredView(std::string_view bytes);

    [[nodiscard]] std::string_view uid() const { return uid_; }
    [[nodiscard]] int64_t generation() const { return generation_; }
    [[nodiscard]] bool is_deleting() const { return deleting_; }
    [[nodiscard]] uint64_t stamp() const { return stamp_; }
    [[nodiscard]] std::string_view api_version() const {
        return json_.substr(api_version_at_, api_version_size_);
    }
    [[nodiscard]] std::optional<std::string_view> label(std::string_view key) const;
    [[nodiscard]] std::optional<std::string_view> field(std::string_view key) const;
    [[nodiscard]] std::vector<std::string_view> owner_uids() const;

    // The JSON without the digits of the resourceVersion.
    [[nodiscard]] std::string_view json() const { return json_; }
    // The object, complete.
    [[nodiscard]] Result<Value> to_value(store::Revision revision) const;

    // Appends the object; `api_version` replaces the stored one if it differs.
    void append(std::string& out, store::Revision revision, std::string_view api_version) const;
    // Appends it as a list shows it: builtin kinds without kind and apiVersion.
    void append_item(std::string& out, store::Revision revision,
                     std::string_view api_version) const;
    // Appends the metadata object alone.
    void append_metadata(std::string& out, store::Revision revision) const;

private:
    std::string_view json_;
    std::string_view uid_;
    std::string_view labels_;  // encoded pairs
    std::string_view fields_;
    std::string_view owners_;
    uint32_t revision_at_ = 0;
    uint32_t api_version_at_ = 0;
    uint32_t api_version_size_ = 0;
    uint32_t body_at_ = 0;
    uint32_t metadata_at_ = 0;
    uint32_t metadata_end_ = 0;
    uint64_t stamp_ = 0;
    int64_t generation_ = 0;
    bool deleting_ = false;
    bool is_builtin_ = false;
};

}  // namespace weft::server
