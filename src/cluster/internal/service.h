// cluster/internal/service.h: addresses: Services and their endpoints, Ingresses.

#pragma once

#include "cluster/internal/view.h"

namespace weft::cluster {

// A cluster IP if the server has not set one (10.96.0.0/12), an address for LoadBalancers
// (198.18.0.0/15, set aside for benchmarks, so nobody's), Endpoints and EndpointSlices of the pods
// that the selector takes.
[[nodiscard]] Outcome reconcile_service(const Object& service, const View& view,
                                        const Moment& moment);

[[nodiscard]] Outcome reconcile_ingress(const Object& ingress, const View& view,
                                        const Moment& moment);

}  // namespace weft::cluster
