// tests/conformance/golden.cc: golden objects of Kubernetes: protobuf to JSON and back, byte for
// byte.
//
// The retired kinds are in no table of the product: their tables are packed for this run, from
// schema-unserved.json beside the cases (WEFT_FACTS, or data/kubernetes-1.36 found upwards).

#include <cstdlib>
#include <set>
#include <unistd.h>

#include "schema/go_json.h"
#include "schema/protobuf.h"
#include "tests/conformance/cases.h"

namespace weft {
namespace {

// The packed tables with every message; empty if the facts or Python are not there.
std::string packed_tables(const std::filesystem::path& cases) {
    std::filesystem::path facts;
    if (const char* named = std::getenv("WEFT_FACTS")) {
        facts = named;
    }
    for (std::filesystem::path at = cases; facts.empty() && at.has_relative_path();
         at = at.parent_path()) {
        if (std::filesystem::exists(at / "data" / "kubernetes-1.36" / "schema-unserved.json")) {
            facts = at / "data" / "kubernetes-1.36";
        }
    }
    const auto packer = std::filesystem::current_path() / "tools" / "pack_builtin";
    if (facts.empty() || !std::filesystem::exists(packer)) {
        return {};
    }
    const auto out = std::filesystem::temp_directory_path() /
                     cat("weft-golden-", static_cast<int64_t>(::getpid()), ".bin");
    const std::string command = cat("python3 '", packer.string(), "' --with-unserved '",
                                    facts.string(), "' '", out.string(), "' >/dev/null");
    if (std::system(command.c_str()) != 0) {
        return {};
    }
    std::string bytes = conformance::read_file(out);
    std::filesystem::remove(out);
    return bytes;
}

std::string check(const schema::Protobuf& protobuf, const std::string& bytes,
                  const std::string& json) {
    // The one kind whose envelope names no type.
    const GroupVersionKind watch_event{"", "v1", "WatchEvent"};
    Result<Value> decoded = protobuf.decode(bytes, &watch_event);
    if (!decoded) {
        return cat("decode: ", decoded.error().message());
    }
    const std::string text = to_json(*decoded);
    if (text != json) {
        Result<Value> wanted = parse_json(json);
        const std::string where = conformance::difference(*wanted, *decoded);
        size_t at = 0;
        while (at < text.size() && at < json.size() && text[at] == json[at]) {
            ++at;
        }
        return cat("JSON: ", where.empty() ? "order or form" : where, " at byte ", at, ": want …",
                   json.substr(at, 60), ", got …", text.substr(at, 60));
    }
    Result<std::string> encoded = protobuf.encode(*parse_json(json), &watch_event);
    if (!encoded) {
        return cat("encode: ", encoded.error().message());
    }
    if (*encoded != bytes) {
        size_t at = 0;
        while (at < encoded->size() && at < bytes.size() && (*encoded)[at] == bytes[at]) {
            ++at;
        }
        return cat("bytes differ at ", at, " of ", bytes.size(), ", got ", encoded->size());
    }
    return {};
}

int run(const std::filesystem::path& folder) {
    const std::string tables = packed_tables(folder);
    std::unique_ptr<schema::Builtin> all;
    if (!tables.empty()) {
        all = std::make_unique<schema::Builtin>(tables);
    }
    const schema::Builtin& builtin = all != nullptr ? *all : schema::Builtin::get();
    const schema::Protobuf protobuf(&builtin);
    const schema::Protobuf own(&schema::Builtin::get());

    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".pb") {
            files.insert(entry.path());
        }
    }
    size_t served = 0;
    for (std::filesystem::path file : files) {
        const std::string id = file.stem();
        const std::string bytes = conformance::read_file(file);
        std::string json = conformance::read_file(file.replace_extension(".json"));
        json = std::string(trim(json));
        const Value object = *parse_json(json);
        const Result<GroupVersion> version = parse_api_version(object.string_at("apiVersion"));
        const bool is_served = version && own.knows({version->group, version->version,
                                                     std::string(object.string_at("kind"))});
        served += is_served ? 1 : 0;
        if (!is_served && all == nullptr) {
            conformance::skip(id, "retired, and schema-unserved.json is not there");
            continue;
        }
        const std::string problem = check(is_served ? own : protobuf, bytes, json);
        problem.empty() ? conformance::pass(id) : conformance::fail(id, problem);
    }
    std::fprintf(stderr, "%zu of the kinds are in the product's own tables\n", served);
    return 0;
}

}  // namespace
}  // namespace weft

int main(int argc, char** argv) {
    return weft::run(weft::conformance::cases_folder(argc, argv));
}
