// server/internal/admission/webhooks.h: mutating and validating webhooks, called by URL.
//
// Source of the behaviour and the texts: apiserver pkg/admission/plugin/webhook, 1.36. Services
// have no network behind them here, so a webhook that names one fails as one that cannot be
// reached.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/internal/admission/policies.h"

namespace weft::server {

// One webhook of a configuration.
struct Webhook {
    std::string id;  // configuration and place in it: what is remembered during one request
    std::string name;
    std::string url;  // with the service's name as host, if it is a service
    std::string service_namespace;
    std::string service_name;  // "": by URL
    std::string ca_pem;
    MatchCriteria criteria;
    std::vector<CompiledExpression> conditions;
    bool fails = true;
    bool may_reinvoke = false;
    bool has_side_effects = false;
    int64_t timeout_seconds = 10;
    std::string review_version;  // "v1", "v1beta1"; "": none that we know
    // Kept between calls; made when first needed.
    std::shared_ptr<io::http::Transport> transport;
};

// All webhooks of the store; read again after a write to a configuration.
class AdmissionWebhooks {
public:
    explicit AdmissionWebhooks(Core* core);
    ~AdmissionWebhooks();

    void changed(const Resource& resource);
    // False: there is none of that sort.
    [[nodiscard]] bool may_mutate() const { return seen_ != changes_ || !mutating_->empty(); }
    [[nodiscard]] bool may_validate() const { return seen_ != changes_ || !validating_->empty(); }
    // Calls the mutating ones in order; changes request->object.
    [[nodiscard]] io::Task<Status> mutate(Call* call, AdmissionRequest* request);
    // Calls the validating ones at once; the first refusal in order counts.
    [[nodiscard]] io::Task<Status> validate(AdmissionCase* admission);

private:
    using Hooks = std::vector<std::shared_ptr<Webhook>>;
    struct Answer {
        bool allowed = false;
        Value result;
        Value patch;  // a list, or null
    };
    struct Pass;

    io::Task<Status> refresh();
    io::Task<Status> run_mutating(AdmissionCase* admission, AdmissionRequest* request,
                                  const Hooks* hooks, Pass* pass);
    io::Task<Result<ResourcePtr>> should_call(AdmissionCase* admission, const Webhook* hook);
    // The call with everything that may go wrong with it: `invalid` carries the text behind
    // "failed calling webhook".
    io::Task<Result<Answer>> ask(AdmissionCase* admission, Webhook* hook, ResourcePtr matched,
                                 bool is_mutating);
    io::Task<Result<std::string>> post(Webhook* hook, std::string body);
    io::Task<Status> validate_one(AdmissionCase* admission, Webhook* hook);
    io::Task<Status> check_service(const Webhook* hook, std::string where);

    Core* core_;
    uint64_t changes_ = 1;
    uint64_t seen_ = 0;
    std::shared_ptr<const Hooks> mutating_ = std::make_shared<const Hooks>();
    std::shared_ptr<const Hooks> validating_ = std::make_shared<const Hooks>();
    // Calls that are under way, and those who wait for one of them to end.
    size_t running_ = 0;
    io::Signal ended_;
};

}  // namespace weft::server
