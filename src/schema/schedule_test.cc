// schema/schedule_test.cc: proves that schedules are read as robfig/cron reads them.

#include "schema/schedule.h"

#include <gtest/gtest.h>

#include "base/base.h"

namespace weft::schema {
namespace {

TEST(Schedule, FindsTheNextTime) {
    const auto next = [](std::string_view schedule, std::string_view from) {
        return format_rfc3339(*Schedule::parse(schedule)->next(*parse_rfc3339(from)));
    };
    EXPECT_EQ(next("30 4 1,15 * 5", "2024-01-02T00:00:00Z"), "2024-01-05T04:30:00Z");
    EXPECT_EQ(next("0 0 29 feb *", "2024-03-01T00:00:00Z"), "2028-02-29T00:00:00Z");
    EXPECT_EQ(next("@weekly", "2024-01-02T00:00:00Z"), "2024-01-07T00:00:00Z");
    EXPECT_EQ(next("10-20/5 */6 * * mon-fri", "2024-01-05T18:16:00Z"), "2024-01-05T18:20:00Z");
    EXPECT_EQ(next("@every 90s", "2024-01-05T18:16:00Z"), "2024-01-05T18:17:30Z");
    EXPECT_EQ(Schedule::parse("* * * *").error().message(),
              "expected exactly 5 fields, found 4: [* * * *]");
    EXPECT_EQ(Schedule::parse("61 * * * *").error().message(),
              "end of range (61) above maximum (59): 61");
    EXPECT_EQ(Schedule::parse("*/0 * * * *").error().message(),
              "step of range should be a positive number: */0");
    EXPECT_EQ(Schedule::parse("x * * * *").error().message(),
              "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax");
    EXPECT_FALSE(Schedule::parse("0 0 31 2 *")->next(*parse_rfc3339("2024-01-01T00:00:00Z")));
}

}  // namespace
}  // namespace weft::schema
