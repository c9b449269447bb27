// tests/integration/in_world.h: a test's body in a world of its own.

#pragma once

#include <gtest/gtest.h>
#include <string_view>

#include "integration/world.h"

namespace weft::test {

// One object of YAML.
inline Object document(std::string_view yaml) {
    auto value = parse_yaml_value(yaml);
    CHECK(value.has_value());
    return Object(*std::move(value));
}

inline io::Task<Status> start_and_stop(World* world, io::Task<Status> (*body)(World*)) {
    Status done = co_await world->start();
    if (done) {
        done = co_await body(world);
    }
    co_await world->stop();
    co_return done;
}

// Runs `body` in a world of its own, on its own loop; its error fails the test.
inline void in_world(const WorldOptions& options, io::Task<Status> (*body)(World*)) {
    io::sim::VirtualLoop loop(options.seed);
    World world(&loop, options);
    const Status done = io::run(&loop, start_and_stop(&world, body));
    EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().text());
}

}  // namespace weft::test
