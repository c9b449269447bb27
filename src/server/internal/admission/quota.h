// server/internal/admission/quota.h: ResourceQuotas hold writes back.
//
// Source of the behaviour and the texts: apiserver pkg/admission/plugin/resourcequota, 1.36.

#pragma once

#include <map>
#include <set>
#include <string>

#include "schema/quota_usage.h"
#include "server/internal/core.h"

namespace weft::server {

// Knows which namespaces have quotas, so that a write elsewhere costs one look-up.
class Quotas {
public:
    explicit Quotas(Core* core) : core_(core) {}

    // Reads what is stored. To be called once.
    io::Task<Status> load();
    void changed(const Resource& resource, const Value& object, const Value& old_object);
    // Whether a quota may have a say in this write.
    [[nodiscard]] bool concerns(const Call& call) const;
    // Refuses what does not fit; takes what fits off the quotas, unless the request is a dry run.
    [[nodiscard]] io::Task<Status> admit(const AdmissionRequest* request);

private:
    io::Task<Status> charge(const AdmissionRequest* request, std::string name,
                            schema::QuotaAmounts delta);

    Core* core_;
    std::map<std::string, std::set<std::string>, std::less<>> names_;  // of quotas, by namespace
};

}  // namespace weft::server
