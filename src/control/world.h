// control/world.h: what every reconciler needs at hand.

#pragma once

#include <string>

#include "control/informers.h"
#include "control/instruments.h"
#include "control/options.h"
#include "kube/kube.h"

namespace weft::control {

// Borrowed from the Manager; outlives every reconciler. Loop thread only.
struct World {
    io::Loop* loop = nullptr;
    kube::Client* client = nullptr;
    kube::RestMapper* mapper = nullptr;
    InformerSet* informers = nullptr;
    const ControlOptions* options = nullptr;
    Instruments* instruments = nullptr;

    void log(LogLevel level, const std::string& message, const LogFields& fields = {}) const {
        if (options->log) {
            options->log(level, message, fields);
        }
    }
};

// Writes Events; one that cannot be written is nobody's failure and only logged.
[[nodiscard]] io::Task<void> tell_events(World world, std::vector<Object> events);

// The kinds that the controllers themselves read and write.
[[nodiscard]] const kube::Resource& definition_resource();
[[nodiscard]] const kube::Resource& revision_resource();
[[nodiscard]] const kube::Resource& crd_resource();
[[nodiscard]] const kube::Resource& event_resource();

// The finalizers of an object without ours, as a list.
[[nodiscard]] Value other_finalizers(const Object& object);

// The status of an object as a JSON merge patch that makes it equal to `status`: members that are
// gone are null.
[[nodiscard]] Value status_patch(const Value* before, const Value& after);

}  // namespace weft::control
