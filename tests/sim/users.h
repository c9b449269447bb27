// tests/sim/users.h: people and programs that change the world while it is being kept.

#pragma once

#include <map>
#include <set>
#include <string>

#include "kube/kube.h"
#include "sim/checkers.h"
#include "sim/definitions.h"

namespace weft::sim {

// What the users agreed on among themselves: shared, so that the end of a run knows what to expect.
struct Wishes {
    std::map<std::string, int64_t> variants;  // of each kind's definition
    int64_t setting = 0;
    bool is_calm = false;    // the operator lets nothing fail any more
    bool may_delete = true;  // not while two controllers work on the same objects
    Dialect dialect = Dialect::kro;
    std::set<std::string> removed;  // "name.member" of data that a stranger took away
    int64_t foreign = 0;            // values that strangers wrote
};

// Several clients in one: each has a task of its own and draws what it does from the loop.
class Users {
public:
    Users(io::Loop* loop, io::http::Transport* transport, Checkers* checkers, Wishes* wishes)
        : loop_(loop),
          client_(transport),
          mapper_(&client_),
          checkers_(checkers),
          wishes_(wishes) {}

    // Before any fault: objects that nobody may touch.
    io::Task<Status> make_strangers();
    // Until they are cancelled.
    io::Task<void> edit_instances(std::string kind);
    io::Task<void> meddle_with_children();
    io::Task<void> edit_definitions();
    io::Task<void> operate_databases();
    io::Task<void> keep_settings();

    // What is true of the objects that only the users write, once nothing goes wrong any more.
    io::Task<Status> check_acknowledged();
    // Brings definitions and what is outside into the state that `wishes` names.
    io::Task<Status> settle();

    // Whether a stranger may have made this of a member of a child's data; no text: it is missing.
    [[nodiscard]] bool may_be_drift(const std::string& name, std::string_view member,
                                    std::string_view text) const;
    // Changes every child whose drift is only reported; they are left alone from now on.
    io::Task<Status> drift_all();
    // All instances of a kind ask for a policy of drift by their annotation.
    io::Task<Status> ask_for_drift_policy(std::string kind, Value policy);
    // What is read from outside gets a new value, or goes.
    io::Task<Status> write_settings(bool removes);
    // The definition of a kind in a new variant.
    io::Task<Status> change_variant(std::string kind);

    [[nodiscard]] kube::Client* client() { return &client_; }
    [[nodiscard]] kube::RestMapper* mapper() { return &mapper_; }

private:
    io::Task<Status> rest(int64_t least, int64_t most);
    io::Task<Status> act_on_instance(std::string kind, std::string name);
    io::Task<Status> create_instance(kube::Resource resource, std::string name);
    io::Task<Status> meddle();
    io::Task<Status> change_definition();
    io::Task<Status> serve_databases();
    io::Task<Status> drift(Object child);
    io::Task<Status> annotate(kube::Resource resource, NamespacedName name,
                              std::string_view annotation, Value text);
    [[nodiscard]] uint64_t chance(uint64_t of) { return loop_->random() % of; }

    io::Loop* loop_;
    kube::Client client_;
    kube::RestMapper mapper_;
    Checkers* checkers_;
    Wishes* wishes_;
    int64_t values_ = 0;                       // every value that is written is new
    std::map<std::string, std::string> uids_;  // of instances, as far as the users know
};

}  // namespace weft::sim
