// tests/conformance/cases.h: what the programs of the conformance suites share.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "object/object.h"

namespace weft::conformance {

// The folder that --cases names; ends the program without it.
inline std::filesystem::path cases_folder(int argc, char** argv) {
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::string_view(argv[i]) == "--cases") {
            return argv[i + 1];
        }
    }
    std::fprintf(stderr, "usage: %s --cases DIR\n", argv[0]);
    std::exit(2);
}

// The bytes of a file; ends the program if it cannot be read.
inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        std::exit(2);
    }
    std::ostringstream out;
    out << file.rdbuf();
    return std::move(out).str();
}

inline Value read_json(const std::filesystem::path& path) {
    Result<Value> value = parse_json(read_file(path));
    if (!value) {
        std::fprintf(stderr, "%s: %s\n", path.c_str(), value.error().message().c_str());
        std::exit(2);
    }
    return std::move(*value);
}

// One line each; line ends inside a reason become blanks.
inline void report(std::string_view word, std::string_view id, std::string_view reason) {
    std::string line = cat(word, " ", id, reason.empty() ? "" : ": ", reason);
    for (char& c : line) {
        c = c == '\n' ? ' ' : c;
    }
    std::puts(line.c_str());
}
inline void pass(std::string_view id) {
    report("PASS", id, "");
}
inline void fail(std::string_view id, std::string_view reason) {
    report("FAIL", id, reason);
}
inline void skip(std::string_view id, std::string_view reason) {
    report("SKIP", id, reason);
}

// Where two values first differ, for people: "spec.x: want 1, got 2". "" if they are equal.
inline std::string difference(const Value& want, const Value& got, const std::string& path = {}) {
    if (want == got) {
        return {};
    }
    if (want.is_map() && got.is_map()) {
        for (const Member& member : want.members()) {
            const Value* other = got.find(member.name());
            const std::string place = cat(path, path.empty() ? "" : ".", member.name());
            if (other == nullptr) {
                return cat(place, ": want ", to_json(member.value), ", got nothing");
            }
            if (std::string inner = difference(member.value, *other, place); !inner.empty()) {
                return inner;
            }
        }
        for (const Member& member : got.members()) {
            if (!want.contains(member.name())) {
                return cat(path, path.empty() ? "" : ".", member.name(), ": want nothing, got ",
                           to_json(member.value));
            }
        }
    }
    if (want.is_list() && got.is_list() && want.size() == got.size()) {
        for (size_t i = 0; i < want.size(); ++i) {
            if (std::string inner = difference(want.at(i), got.at(i), cat(path, "[", i, "]"));
                !inner.empty()) {
                return inner;
            }
        }
    }
    return cat(path, ": want ", to_json(want), ", got ", to_json(got));
}

inline void check_equal(std::string_view id, const Value& want, const Value& got) {
    const std::string found = difference(want, got);
    found.empty() ? pass(id) : fail(id, found);
}

}  // namespace weft::conformance
