// server/internal/services.h: the addresses and node ports of Services.
//
// Source of the behaviour: Kubernetes' registry/core/service (alloc.go), single-stack IPv4.

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
    [[nodiscard]] Result<int> take_port(std::string_view protocol);
    [[nodiscard]] Status take_port(int port, std::string_view protocol);
    void free_address(std::string_view address);
    void free_port(int port, std::string_view protocol);
    [[nodiscard]] std::string first_address() const;

private:
    [[nodiscard]] std::string text_of(uint32_t address) const;
    [[nodiscard]] std::optional<uint32_t> number_of(std::string_view address) const;

    io::Loop* loop_;
    uint32_t network_ = 0;
    uint32_t size_ = 0;
    int port_min_;
    int port_max_;
    std::set<uint32_t> addresses_;
    std::set<std::pair<int, std::string>> ports_;
};

// What one write takes; given back unless it is kept.
class ServiceClaim {
public:
    explicit ServiceClaim(ServiceAllocator* allocator) : allocator_(allocator) {}
    ServiceClaim(const ServiceClaim&) = delete;
    ServiceClaim& operator=(const ServiceClaim&) = delete;
    ~ServiceClaim();

    // Fills in clusterIP(s), ipFamilies, ipFamilyPolicy and nodePorts. 422 for what is taken.
    [[nodiscard]] Status allocate(Value& service, const Value* old_service);
    // The write is done: what was taken stays taken, what is no longer used becomes free.
    void keep();
    // The Service is gone.
    void release(const Value& service);

private:
    Status allocate_address(Value& spec, const Value* old_spec);
    Status allocate_ports(Value& spec, const Value* old_spec);

    ServiceAllocator* allocator_;
    std::vector<std::string> addresses_;
    std::vector<std::pair<int, std::string>> ports_;
    std::vector<std::string> freed_addresses_;
    std::vector<std::pair<int, std::string>> freed_ports_;
};

}  // namespace weft::server
