// tests/fuzz/cron_fuzz.cc: schedules of CronJobs; what parses gives times that go up.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "schema/schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto schedule =
        weft::schema::Schedule::parse(std::string_view(reinterpret_cast<const char*>(data), size));
    if (schedule) {
        weft::Time time{1'700'000'000, 0};
        for (int i = 0; i < 5; ++i) {
            const auto next = schedule->next(time);
            if (!next.has_value()) {
                break;
            }
            CHECK(*next > time);
            time = *next;
        }
    }
    return 0;
}
