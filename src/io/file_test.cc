// io/file_test.cc: files, the log and the metrics.

#include "io/file.h"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/log.h"
#include "io/metrics.h"

namespace weft::io {
namespace {

class File : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "weft-file-XXXXXX";
        CHECK(mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
    }
    std::string folder;
};

TEST_F(File, IsWrittenWholeWithItsMode) {
    const std::string path = folder + "/a";
    ASSERT_TRUE(write_file(path, "one").has_value());
    ASSERT_TRUE(write_file(path, "two", 0600).has_value());
    EXPECT_EQ(*read_file(path, 3), "two");
    struct stat status{};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(*list_directory(folder), std::vector<std::string>{"a"});
}

TEST_F(File, WritesThroughALinkAndIntoAPipeAndReplacesNeither) {
    ASSERT_TRUE(write_file(folder + "/file", "old", 0600));
    ASSERT_EQ(symlink("file", (folder + "/link").c_str()), 0);
    const std::string pipe = folder + "/pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const int reader = open(pipe.c_str(), O_RDWR | O_NONBLOCK);
    ASSERT_GE(reader, 0);

    ASSERT_TRUE(write_file(folder + "/link", "new", 0600));
    ASSERT_TRUE(write_file(pipe, "said", 0600));

    struct stat status{};
    ASSERT_EQ(lstat((folder + "/link").c_str(), &status), 0);
    EXPECT_TRUE(S_ISLNK(status.st_mode));
    EXPECT_EQ(read_file(folder + "/file", 10).value_or(""), "new");
    ASSERT_EQ(lstat(pipe.c_str(), &status), 0);
    EXPECT_TRUE(S_ISFIFO(status.st_mode));
    std::array<char, 8> got{};
    EXPECT_EQ(read(reader, got.data(), got.size()), 4);
    close(reader);
}

TEST_F(File, RefusesInGosWordsAndWithAReason) {
    EXPECT_EQ(read_file(folder + "/x", 1).error().message(),
              cat("open ", folder, "/x: no such file or directory"));
    EXPECT_EQ(read_file(folder + "/x", 1).error().reason(), Reason::not_found);
    ASSERT_TRUE(write_file(folder + "/x", "1234").has_value());
    EXPECT_EQ(read_file(folder + "/x", 3).error().reason(), Reason::request_entity_too_large);
    EXPECT_EQ(*read_file(folder + "/x", 4), "1234");
    EXPECT_FALSE(write_file(folder + "/no/x", "1").has_value());
    EXPECT_EQ(make_directories(folder + "/x/y").error().reason(), Reason::io);
    EXPECT_TRUE(remove_file(folder + "/x").has_value());
    EXPECT_TRUE(remove_file(folder + "/x").has_value());
    EXPECT_FALSE(file_exists(folder + "/x"));
}

TEST_F(File, DirectoriesAreMadeWithTheirParents) {
    ASSERT_TRUE(make_directories(folder + "/a/b/c").has_value());
    ASSERT_TRUE(make_directories(folder + "/a/b/c").has_value());
    EXPECT_TRUE(write_file(folder + "/a/b/c/d", "").has_value());
}

TEST_F(File, ALockNamesItsHolderAndIsGivenBack) {
    const std::string path = folder + "/lock";
    {
        const auto lock = FileLock::acquire(path);
        ASSERT_TRUE(lock.has_value());
        const auto second = FileLock::acquire(path);
        ASSERT_FALSE(second.has_value());
        EXPECT_EQ(second.error().reason(), Reason::conflict);
        EXPECT_EQ(second.error().message(), cat(path, " is held by process ", getpid()));
    }
    EXPECT_TRUE(FileLock::acquire(path).has_value());
}

TEST(Log, WritesPairsAndNoSecrets) {
    std::vector<std::string> lines;
    divert_log([&](std::string_view line) { lines.emplace_back(line); });
    log(LogLevel::debug, "unseen");
    log(LogLevel::info, "applied\nweb", {{"name", "web"}, {"count", 3}, {"why", "a \"b\""}});
    configure_log(LogLevel::debug, LogFormat::json);
    log(LogLevel::warning, "quote \"", {{"bearer_token", "abc"}, {"ok", true}, {"x", "\x01\xff"}});
    configure_log(LogLevel::info, LogFormat::console);
    divert_log({});
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].substr(24), " INFO applied web name=web count=3 why=\"a \\\"b\\\"\"");
    EXPECT_EQ(lines[1].substr(0, 26), R"({"level":"warning","ts":"2)");
    EXPECT_EQ(lines[1].substr(lines[1].find("\"msg\"")),
              "\"msg\":\"quote \\\"\",\"bearer_token\":\"[redacted]\",\"ok\":true,"
              "\"x\":\"\\u0001\xEF\xBF\xBD\"}");
    EXPECT_EQ(*log_level_from_text("warn"), LogLevel::warning);
    EXPECT_FALSE(log_level_from_text("loud").has_value());
}

TEST(Metrics, PrintsWhatPrometheusReads) {
    Metrics metrics;
    metrics.counter("requests_total", "Requests.", {{"code", "200"}})->add();
    metrics.counter("requests_total", "Requests.", {{"code", "200"}})->add(2);
    metrics.counter("requests_total", "Requests.", {{"code", "a\"\n\\"}})->add();
    metrics.gauge("depth", "Depth.")->set(-1.5);
    Histogram* const seconds = metrics.histogram("seconds", "Time.", {0.1, 1}, {{"verb", "GET"}});
    seconds->observe(0.1);
    seconds->observe(0.5);
    seconds->observe(5);
    EXPECT_EQ(metrics.text(),
              "# HELP depth Depth.\n# TYPE depth gauge\ndepth -1.5\n"
              "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
              "requests_total{code=\"200\"} 3\n"
              "requests_total{code=\"a\\\"\\n\\\\\"} 1\n"
              "# HELP seconds Time.\n# TYPE seconds histogram\n"
              "seconds_bucket{verb=\"GET\",le=\"0.1\"} 1\n"
              "seconds_bucket{verb=\"GET\",le=\"1\"} 2\n"
              "seconds_bucket{verb=\"GET\",le=\"+Inf\"} 3\n"
              "seconds_sum{verb=\"GET\"} 5.6\n"
              "seconds_count{verb=\"GET\"} 3\n");
}

TEST(Metrics, BoundsTheSeriesOfAName) {
    Metrics metrics;
    for (int i = 0; i < 10'010; ++i) {
        metrics.counter("c", "C.", {{"user", cat(i)}})->add();
    }
    EXPECT_EQ(metrics.counter("c", "C.", {{"user", "another"}})->value(), 10);
}

}  // namespace
}  // namespace weft::io
