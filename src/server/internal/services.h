// server/internal/services.h: the addresses and node ports of Services.
//
// Source of the behaviour: Kubernetes' registry/core/service (alloc.go, strategy.go), single-stack
// IPv4.

#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "server/internal/core.h"

namespace weft::server {

// What is taken of the service network and of the node ports. Kept in memory, filled from the
// store at start.
class ServiceAllocator {
public:
    // `cidr` as "10.96.0.0/16".
    ServiceAllocator(io::Loop* loop, std::string_view cidr, int port_min, int port_max);

    // Takes what a stored Service has.
    void adopt(const Value& service);
    void release(const Value& service);

    [[nodiscard]] Result<std::string> take_address();
    // invalid text if it is outside the network or taken.
    [[nodiscard]] Status take_address(std::string_view address);
    // A port belongs to one Service, whatever the protocols.
    [[nodiscard]] Result<int> take_port();
    [[nodiscard]] Status take_port(int port);
    void free_address(std::string_view address);
    void free_port(int port);
    [[nodiscard]] std::string first_address() const;
    [[nodiscard]] const std::string& cidr() const { return cidr_; }
    // Whether the address lies in the network, taken or not.
    [[nodiscard]] bool is_in_range(std::string_view address) const {
        return number_of(address).has_value();
    }

private:
    [[nodiscard]] std::string text_of(uint32_t address) const;
    [[nodiscard]] std::optional<uint32_t> number_of(std::string_view address) const;

    io::Loop* loop_;
    std::string cidr_;
    uint32_t network_ = 0;
    uint32_t size_ = 0;
    int port_min_;
    int port_max_;
    std::set<uint32_t> addresses_;
    std::set<int> ports_;
};

// What one write takes; given back unless it is kept.
class ServiceClaim {
public:
    explicit ServiceClaim(ServiceAllocator* allocator) : allocator_(allocator) {}
    ServiceClaim(const ServiceClaim&) = delete;
    ServiceClaim& operator=(const ServiceClaim&) = delete;
    ~ServiceClaim();

    // Fills in clusterIP(s), ipFamilies, ipFamilyPolicy, nodePorts and healthCheckNodePort. 422 for
    // what is taken, and for families that this cluster does not have. A dry run does not ask
    // whether a port that the client chose is free.
    [[nodiscard]] Status allocate(Value& service, const Value* old_service, bool dry_run);
    // The write is done: what was taken stays taken, what is no longer used becomes free.
    void keep();
    // The Service is gone.
    void release(const Value& service);

private:
    static Status choose_families(const std::string& name, Value& spec, const Value* old_spec,
                                  bool is_headless);
    Status allocate_address(const std::string& name, Value& spec, const Value* old_spec);
    Status allocate_ports(const std::string& name, Value& spec, const Value* old_spec);
    Status allocate_health_port(Value& spec, const Value* old_spec);

    ServiceAllocator* allocator_;
    std::vector<std::string> addresses_;
    std::vector<int> ports_;
    std::vector<std::string> freed_addresses_;
    std::vector<int> freed_ports_;
    bool dry_run_ = false;
};

// The IPAddress objects that go with Services. An address is written down before the Service that
// has it, and taken back after it is gone (or could not be stored), as real allocators do; what the
// allocator holds does not depend on these objects. Nothing happens for "None" and no address.
[[nodiscard]] io::Task<Status> put_address_object(Core* core, Value service);
[[nodiscard]] io::Task<void> erase_address_object(Core* core, std::string address);

// The address of a Service, "" if it has none of its own.
[[nodiscard]] std::string service_address(const Value& service);

}  // namespace weft::server
