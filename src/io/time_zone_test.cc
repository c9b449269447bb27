// io/time_zone_test.cc: the system's time zones.

#include "io/time_zone.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace weft::io {
namespace {

TEST(TimeZone, IsReadFromTheFolderThatZoneinfoNames) {
    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / "weft-zoneinfo";
    std::filesystem::create_directories(folder / "Test");
    std::ofstream(folder / "Test" / "Zone") << "TZif2 and more";
    std::ofstream(folder / "Test" / "Other") << "no zone";
    ASSERT_EQ(setenv("ZONEINFO", folder.c_str(), 1), 0);

    EXPECT_EQ(read_time_zone("Test/Zone"), "TZif2 and more");
    EXPECT_EQ(read_time_zone("Test/Other"), std::nullopt);

    // What was read is kept.
    std::filesystem::remove_all(folder);
    EXPECT_EQ(read_time_zone("Test/Zone"), "TZif2 and more");
    ASSERT_EQ(unsetenv("ZONEINFO"), 0);
}

TEST(TimeZone, PathsAreNoNames) {
    for (const char* name : {"", "/usr/share/zoneinfo/UTC", "../zoneinfo/UTC", "a\\b"}) {
        EXPECT_EQ(read_time_zone(name), std::nullopt) << name;
    }
}

}  // namespace
}  // namespace weft::io
