// server/internal/bootstrap_roles.cc: the roles and bindings that every cluster has.
//
// Facts of Kubernetes 1.36's bootstrap policy (plugin/pkg/auth/authorizer/rbac/bootstrappolicy),
// in a form of our own:
//   role [NAMESPACE/]NAME           a ClusterRole, or a Role of a namespace; below it
//     label LABEL | aggregate LABEL   that it is aggregated by, or aggregates ("…: true")
//     GROUPS : RESOURCES [# NAMES] = VERBS     a rule; "-" is the core group
//     url URLS = VERBS
//   bind [NAMESPACE/]NAME [to ROLE]  binds the role of the same name, or ROLE; below it
//     user NAME | group NAME | account NAMESPACE/NAME

#include "server/internal/bootstrap_roles.h"

#include "server/internal/status.h"

namespace weft::server {

namespace {

constexpr std::string_view bootstrap_policy = R"(
role admin
  aggregate aggregate-to-admin
role cluster-admin
  * : * = *
  url * = *
role edit
  label aggregate-to-admin
  aggregate aggregate-to-edit
role system:aggregate-to-admin
  label aggregate-to-admin
  authorization.k8s.io : localsubjectaccessreviews = create
  rbac.authorization.k8s.io : rolebindings roles = create delete deletecollection get list patch update watch
role system:aggregate-to-edit
  label aggregate-to-edit
  - : pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy = get list watch
  - : serviceaccounts = impersonate
  - : pods pods/attach pods/exec pods/portforward pods/proxy = create delete deletecollection patch update
  - : pods/eviction = create
  - : configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy = create delete deletecollection patch update
  - : serviceaccounts/token = create
  - events.k8s.io : events = create delete deletecollection patch update
  apps : daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale = create delete deletecollection patch update
  autoscaling : horizontalpodautoscalers = create delete deletecollection patch update
  batch : cronjobs jobs = create delete deletecollection patch update
  extensions : daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale = create delete deletecollection patch update
  policy : poddisruptionbudgets = create delete deletecollection patch update
  networking.k8s.io : ingresses networkpolicies = create delete deletecollection patch update
  coordination.k8s.io : leases = create delete deletecollection get list patch update watch
  resource.k8s.io : resourceclaims resourceclaimtemplates = create delete deletecollection patch update
role system:aggregate-to-view
  label aggregate-to-view
  - : configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status = get list watch
  - : bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status = get list watch
  - : namespaces = get list watch
  - events.k8s.io : events = get list watch
  discovery.k8s.io : endpointslices = get list watch
  apps : controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status = get list watch
  autoscaling : horizontalpodautoscalers horizontalpodautoscalers/status = get list watch
  batch : cronjobs cronjobs/status jobs jobs/status = get list watch
  extensions : daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale = get list watch
  policy : poddisruptionbudgets poddisruptionbudgets/status = get list watch
  networking.k8s.io : ingresses ingresses/status networkpolicies = get list watch
  resource.k8s.io : resourceclaims resourceclaims/status resourceclaimtemplates = get list watch
role system:auth-delegator
  authentication.k8s.io : tokenreviews = create
  authorization.k8s.io : subjectaccessreviews = create
role system:basic-user
  authorization.k8s.io : selfsubjectaccessreviews selfsubjectrulesreviews = create
  authentication.k8s.io : selfsubjectreviews = create
role system:certificates.k8s.io:certificatesigningrequests:nodeclient
  certificates.k8s.io : certificatesigningrequests/nodeclient = create
role system:certificates.k8s.io:certificatesigningrequests:selfnodeclient
  certificates.k8s.io : certificatesigningrequests/selfnodeclient = create
role system:certificates.k8s.io:kube-apiserver-client-approver
  certificates.k8s.io : signers # kubernetes.io/kube-apiserver-client = approve
role system:certificates.k8s.io:kube-apiserver-client-kubelet-approver
  certificates.k8s.io : signers # kubernetes.io/kube-apiserver-client-kubelet = approve
role system:certificates.k8s.io:kubelet-serving-approver
  certificates.k8s.io : signers # kubernetes.io/kubelet-serving = approve
role system:certificates.k8s.io:legacy-unknown-approver
  certificates.k8s.io : signers # kubernetes.io/legacy-unknown = approve
role system:discovery
  url /api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/ = get
role system:heapster
  - : events namespaces nodes pods = get list watch
  extensions : deployments = get list watch
role system:kube-aggregator
  - : endpoints services = get list watch
role system:kube-controller-manager
  - events.k8s.io : events = create patch update
  coordination.k8s.io : leases = create
  coordination.k8s.io : leases # kube-controller-manager = get update
  - : secrets serviceaccounts = create
  - : secrets = delete
  - : configmaps namespaces secrets serviceaccounts = get
  - : secrets serviceaccounts = update
  authentication.k8s.io : tokenreviews = create
  authorization.k8s.io : subjectaccessreviews = create
  * : * = list watch
  - : serviceaccounts/token = create
role system:kube-dns
  - : endpoints services = list watch
role system:kube-scheduler
  - events.k8s.io : events = create patch update
  coordination.k8s.io : leases = create
  coordination.k8s.io : leases # kube-scheduler = get list update watch
  coordination.k8s.io : leasecandidates = create delete deletecollection get list patch update watch
  - : nodes = get list watch
  - : pods = delete get list watch
  - : bindings pods/binding = create
  - : pods/status = patch update
  - : replicationcontrollers services = get list watch
  apps extensions : replicasets = get list watch
  apps : statefulsets = get list watch
  policy : poddisruptionbudgets = get list watch
  - : persistentvolumeclaims persistentvolumes = get list watch
  authentication.k8s.io : tokenreviews = create
  authorization.k8s.io : subjectaccessreviews = create
  storage.k8s.io : csinodes = get list watch
  storage.k8s.io : volumeattachments = get list watch
  - : namespaces = get list watch
  storage.k8s.io : csidrivers = get list watch
  storage.k8s.io : csistoragecapacities = get list watch
  resource.k8s.io : deviceclasses = get list watch
  resource.k8s.io : resourceclaims = get list patch update watch
  resource.k8s.io : resourceclaims/status = get list patch update watch
  - : pods/finalizers = update
  resource.k8s.io : resourceslices = get list watch
  resource.k8s.io : resourceclaims = create delete
  resource.k8s.io : resourceclaims/binding = patch update
role system:kubelet-api-admin
  - : nodes = get list watch
  - : nodes = proxy
  - : nodes/log nodes/metrics nodes/proxy nodes/stats = *
  - : nodes/configz nodes/healthz nodes/pods = *
role system:monitoring
  url /flagz /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/* /statusz = get
  - : nodes/metrics = get
role system:node
  authentication.k8s.io : tokenreviews = create
  authorization.k8s.io : localsubjectaccessreviews subjectaccessreviews = create
  - : services = get list watch
  - : nodes = create get list watch
  - : nodes/status = patch update
  - : nodes = patch update
  - events.k8s.io : events = create patch update
  - : pods = get list watch
  - : pods = create delete
  - : pods/status = patch update
  - : pods/eviction = create
  - : configmaps secrets = get list watch
  - : persistentvolumeclaims persistentvolumes = get
  - : endpoints = get
  certificates.k8s.io : certificatesigningrequests = create get list watch
  coordination.k8s.io : leases = create delete get patch update
  storage.k8s.io : volumeattachments = get
  - : serviceaccounts/token = create
  - : persistentvolumeclaims/status = get patch update
  storage.k8s.io : csidrivers = get list watch
  storage.k8s.io : csinodes = create delete get patch update
  node.k8s.io : runtimeclasses = get list watch
  resource.k8s.io : resourceclaims = get
  resource.k8s.io : resourceslices = deletecollection
  - : serviceaccounts = get
role system:node-bootstrapper
  certificates.k8s.io : certificatesigningrequests = create get list watch
role system:node-problem-detector
  - : nodes = get
  - : nodes/status = patch
  - events.k8s.io : events = create patch update
role system:node-proxier
  - : endpoints services = list watch
  - : nodes = get list watch
  - events.k8s.io : events = create patch update
  networking.k8s.io : servicecidrs = list watch
  discovery.k8s.io : endpointslices = list watch
role system:persistent-volume-provisioner
  - : persistentvolumes = create delete get list watch
  - : persistentvolumeclaims = get list update watch
  storage.k8s.io : storageclasses = get list watch
  - : events = watch
  - events.k8s.io : events = create patch update
role system:public-info-viewer
  url /healthz /livez /readyz /version /version/ = get
role system:service-account-issuer-discovery
  url /.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/ = get
role system:volume-scheduler
  - : persistentvolumes = get list patch update watch
  storage.k8s.io : storageclasses = get list watch
  - : persistentvolumeclaims = get list patch update watch
role view
  label aggregate-to-edit
  aggregate aggregate-to-view
role system:controller:attachdetach-controller
  - : persistentvolumeclaims persistentvolumes = list watch
  - : nodes = get list watch
  - : nodes/status = patch update
  - : pods = list watch
  - events.k8s.io : events = create patch update
  storage.k8s.io : volumeattachments = create delete get list watch
  storage.k8s.io : csidrivers = get list watch
  storage.k8s.io : csinodes = get list watch
role system:controller:certificate-controller
  certificates.k8s.io : certificatesigningrequests = delete get list watch
  certificates.k8s.io : certificatesigningrequests/approval certificatesigningrequests/status = update
  certificates.k8s.io : signers # kubernetes.io/kube-apiserver-client-kubelet = approve
  certificates.k8s.io : signers # kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown = sign
  authorization.k8s.io : subjectaccessreviews = create
  - events.k8s.io : events = create patch update
role system:controller:clusterrole-aggregation-controller
  rbac.authorization.k8s.io : clusterroles = escalate get list patch update watch
role system:controller:cronjob-controller
  batch : cronjobs = get list update watch
  batch : jobs = create delete get list patch update watch
  batch : cronjobs/status = update
  batch : cronjobs/finalizers = update
  - : pods = delete list watch
  - events.k8s.io : events = create patch update
role system:controller:daemon-set-controller
  apps extensions : daemonsets = get list watch
  apps extensions : daemonsets/status = update
  apps extensions : daemonsets/finalizers = update
  - : nodes = list watch
  - : pods = create delete list patch watch
  - : pods/binding = create
  apps : controllerrevisions = create delete get list patch update watch
  - events.k8s.io : events = create patch update
role system:controller:deployment-controller
  apps extensions : deployments = get list update watch
  apps extensions : deployments/status = update
  apps extensions : deployments/finalizers = update
  apps extensions : replicasets = create delete get list patch update watch
  - : pods = get list update watch
  - events.k8s.io : events = create patch update
role system:controller:device-taint-eviction-controller
  - : pods = delete get list watch
  - : pods/status = patch update
  resource.k8s.io : resourceclaims = get list watch
  resource.k8s.io : resourceslices = get list watch
  resource.k8s.io : deviceclasses = get list watch
  - events.k8s.io : events = create patch update
role system:controller:disruption-controller
  apps extensions : deployments = get list watch
  apps extensions : replicasets = get list watch
  - : replicationcontrollers = get list watch
  policy : poddisruptionbudgets = get list watch
  apps : statefulsets = get list watch
  policy : poddisruptionbudgets/status = update
  - : pods/status = patch update
  * : */scale = get
  - events.k8s.io : events = create patch update
role system:controller:endpoint-controller
  - : pods services = get list watch
  - : endpoints = create delete get list update watch
  - : endpoints/restricted = create
  - events.k8s.io : events = create patch update
role system:controller:endpointslice-controller
  - : nodes pods services = get list watch
  - : services/finalizers = update
  discovery.k8s.io : endpointslices = create delete get list update watch
  - events.k8s.io : events = create patch update
role system:controller:endpointslicemirroring-controller
  - : endpoints services = get list watch
  - : services/finalizers = update
  - : endpoints/finalizers = update
  discovery.k8s.io : endpointslices = create delete get list update watch
  - events.k8s.io : events = create patch update
role system:controller:ephemeral-volume-controller
  - : pods = get list watch
  - : pods/finalizers = update
  - : persistentvolumeclaims = create get list watch
  - events.k8s.io : events = create patch update
role system:controller:expand-controller
  - : persistentvolumes = get list patch update watch
  - : persistentvolumeclaims/status = patch update
  - : persistentvolumeclaims = get list watch
  - events.k8s.io : events = create patch update
role system:controller:generic-garbage-collector
  * : * = delete get list patch update watch
  - events.k8s.io : events = create patch update
role system:controller:horizontal-pod-autoscaler
  autoscaling : horizontalpodautoscalers = get list watch
  autoscaling : horizontalpodautoscalers/status = update
  * : */scale = get update
  - : pods = list watch
  metrics.k8s.io : pods = list watch
  custom.metrics.k8s.io : * = get list watch
  external.metrics.k8s.io : * = get list watch
  - events.k8s.io : events = create patch update
role system:controller:job-controller
  batch : jobs = get list patch update watch
  batch : jobs/status = update
  batch : jobs/finalizers = update
  - : pods = create delete list patch watch
  - events.k8s.io : events = create patch update
role system:controller:legacy-service-account-token-cleaner
  - : configmaps # kube-apiserver-legacy-service-account-token-tracking = get
  - : secrets = delete patch
role system:controller:namespace-controller
  - : namespaces = delete get list watch
  - : namespaces/finalize namespaces/status = update
  * : * = delete deletecollection get list watch
role system:controller:node-controller
  - : nodes = delete get list patch update watch
  - : nodes/status = patch update
  - : pods/status = patch update
  - : pods = delete get list watch
  - events.k8s.io : events = create patch update
role system:controller:persistent-volume-binder
  - : persistentvolumes = create delete get list update watch
  - : persistentvolumes/status = update
  - : persistentvolumeclaims = get list update watch
  - : persistentvolumeclaims/status = update
  - : pods = create delete get list watch
  storage.k8s.io : storageclasses = get list watch
  - : nodes = list watch
  - events.k8s.io : events = create patch update
  - : events = watch
role system:controller:pod-garbage-collector
  - : pods = delete list watch
  - : nodes = get list watch
  - : pods/status = patch
role system:controller:pv-protection-controller
  - : persistentvolumes = get list update watch
  - events.k8s.io : events = create patch update
role system:controller:pvc-protection-controller
  - : persistentvolumeclaims = get list update watch
  - : persistentvolumeclaims/status = update
  - : pods = get list watch
  - events.k8s.io : events = create patch update
role system:controller:replicaset-controller
  apps extensions : replicasets = get list update watch
  apps extensions : replicasets/status = update
  apps extensions : replicasets/finalizers = update
  - : pods = create delete list patch watch
  - events.k8s.io : events = create patch update
role system:controller:replication-controller
  - : replicationcontrollers = get list update watch
  - : replicationcontrollers/status = update
  - : replicationcontrollers/finalizers = update
  - : pods = create delete list patch watch
  - events.k8s.io : events = create patch update
role system:controller:resource-claim-controller
  - : pods = get list watch
  - : pods/finalizers = update
  resource.k8s.io : resourceclaims = create delete get list watch
  resource.k8s.io : resourceclaims resourceclaims/status = patch update
  - : pods/status = patch update
  - events.k8s.io : events = create patch update
  resource.k8s.io : resourceclaims/binding = patch update
role system:controller:resourcequota-controller
  * : * = list watch
  - : resourcequotas/status = update
  - events.k8s.io : events = create patch update
role system:controller:root-ca-cert-publisher
  - : configmaps = create update
  - events.k8s.io : events = create patch update
role system:controller:route-controller
  - : nodes = list watch
  - : nodes/status = patch
  - events.k8s.io : events = create patch update
role system:controller:selinux-warning-controller
  - events.k8s.io : events = create patch update
  - : persistentvolumes = get list watch
  - : persistentvolumeclaims = get list watch
  - : pods = get list watch
  storage.k8s.io : csidrivers = get list watch
role system:controller:service-account-controller
  - : serviceaccounts = create
  - events.k8s.io : events = create patch update
role system:controller:service-cidrs-controller
  networking.k8s.io : servicecidrs = get list patch update watch
  networking.k8s.io : servicecidrs/finalizers = patch update
  networking.k8s.io : servicecidrs/status = patch update
  networking.k8s.io : ipaddresses = get list watch
  - events.k8s.io : events = create patch update
role system:controller:service-controller
  - : services = get list watch
  - : services/status = patch update
  - : nodes = list watch
  - events.k8s.io : events = create patch update
role system:controller:statefulset-controller
  - : pods = list watch
  apps : statefulsets = get list watch
  apps : statefulsets/status = update
  apps : statefulsets/finalizers = update
  - : pods = create delete get patch update
  apps : controllerrevisions = create delete get list patch update watch
  - : persistentvolumeclaims = create get list watch
  - : persistentvolumeclaims = delete update
  - : pods/finalizers = update
  - events.k8s.io : events = create patch update
role system:controller:ttl-after-finished-controller
  batch : jobs = delete get list watch
  - events.k8s.io : events = create patch update
role system:controller:ttl-controller
  - : nodes = list patch update watch
  - events.k8s.io : events = create patch update
role system:controller:validatingadmissionpolicy-status-controller
  admissionregistration.k8s.io : validatingadmissionpolicies = get list watch
  admissionregistration.k8s.io : validatingadmissionpolicies/status = get patch update
  - events.k8s.io : events = create patch update
role system:controller:volumeattributesclass-protection-controller
  - : persistentvolumeclaims = get list watch
  - : persistentvolumes = get list watch
  storage.k8s.io : volumeattributesclasses = get list update watch
  - events.k8s.io : events = create patch update
role kube-public/system:controller:bootstrap-signer
  - : configmaps = get list watch
  - : configmaps # cluster-info = update
  - events.k8s.io : events = create patch update
role kube-system/extension-apiserver-authentication-reader
  - : configmaps # extension-apiserver-authentication = get list watch
role kube-system/system::leader-locking-kube-controller-manager
  coordination.k8s.io : leases = create get list update watch
  coordination.k8s.io : leasecandidates = create get list update watch
role kube-system/system::leader-locking-kube-scheduler
  coordination.k8s.io : leases = create get list update watch
  coordination.k8s.io : leasecandidates = create get list update watch
role kube-system/system:controller:bootstrap-signer
  - : secrets = get list watch
role kube-system/system:controller:cloud-provider
  - : configmaps = create get list watch
role kube-system/system:controller:token-cleaner
  - : secrets = delete get list watch
  - events.k8s.io : events = create patch update
bind cluster-admin
  group system:masters
bind system:basic-user
  group system:authenticated
bind system:discovery
  group system:authenticated
bind system:kube-controller-manager
  user system:kube-controller-manager
bind system:kube-dns
  account kube-system/kube-dns
bind system:kube-scheduler
  user system:kube-scheduler
bind system:monitoring
  group system:monitoring
bind system:node
bind system:node-proxier
  user system:kube-proxy
bind system:public-info-viewer
  group system:authenticated
  group system:unauthenticated
bind system:service-account-issuer-discovery
  group system:serviceaccounts
bind system:volume-scheduler
  user system:kube-scheduler
bind system:controller:attachdetach-controller
  account kube-system/attachdetach-controller
bind system:controller:certificate-controller
  account kube-system/certificate-controller
bind system:controller:clusterrole-aggregation-controller
  account kube-system/clusterrole-aggregation-controller
bind system:controller:cronjob-controller
  account kube-system/cronjob-controller
bind system:controller:daemon-set-controller
  account kube-system/daemon-set-controller
bind system:controller:deployment-controller
  account kube-system/deployment-controller
bind system:controller:device-taint-eviction-controller
  account kube-system/device-taint-eviction-controller
bind system:controller:disruption-controller
  account kube-system/disruption-controller
bind system:controller:endpoint-controller
  account kube-system/endpoint-controller
bind system:controller:endpointslice-controller
  account kube-system/endpointslice-controller
bind system:controller:endpointslicemirroring-controller
  account kube-system/endpointslicemirroring-controller
bind system:controller:ephemeral-volume-controller
  account kube-system/ephemeral-volume-controller
bind system:controller:expand-controller
  account kube-system/expand-controller
bind system:controller:generic-garbage-collector
  account kube-system/generic-garbage-collector
bind system:controller:horizontal-pod-autoscaler
  account kube-system/horizontal-pod-autoscaler
bind system:controller:job-controller
  account kube-system/job-controller
bind system:controller:legacy-service-account-token-cleaner
  account kube-system/legacy-service-account-token-cleaner
bind system:controller:namespace-controller
  account kube-system/namespace-controller
bind system:controller:node-controller
  account kube-system/node-controller
bind system:controller:persistent-volume-binder
  account kube-system/persistent-volume-binder
bind system:controller:pod-garbage-collector
  account kube-system/pod-garbage-collector
bind system:controller:pv-protection-controller
  account kube-system/pv-protection-controller
bind system:controller:pvc-protection-controller
  account kube-system/pvc-protection-controller
bind system:controller:replicaset-controller
  account kube-system/replicaset-controller
bind system:controller:replication-controller
  account kube-system/replication-controller
bind system:controller:resource-claim-controller
  account kube-system/resource-claim-controller
bind system:controller:resourcequota-controller
  account kube-system/resourcequota-controller
bind system:controller:root-ca-cert-publisher
  account kube-system/root-ca-cert-publisher
bind system:controller:route-controller
  account kube-system/route-controller
bind system:controller:selinux-warning-controller
  account kube-system/selinux-warning-controller
bind system:controller:service-account-controller
  account kube-system/service-account-controller
bind system:controller:service-cidrs-controller
  account kube-system/service-cidrs-controller
bind system:controller:service-controller
  account kube-system/service-controller
bind system:controller:statefulset-controller
  account kube-system/statefulset-controller
bind system:controller:ttl-after-finished-controller
  account kube-system/ttl-after-finished-controller
bind system:controller:ttl-controller
  account kube-system/ttl-controller
bind system:controller:validatingadmissionpolicy-status-controller
  account kube-system/validatingadmissionpolicy-status-controller
bind system:controller:volumeattributesclass-protection-controller
  account kube-system/volumeattributesclass-protection-controller
bind kube-public/system:controller:bootstrap-signer
  account kube-system/bootstrap-signer
bind kube-system/system::extension-apiserver-authentication-reader to extension-apiserver-authentication-reader
  user system:kube-controller-manager
  user system:kube-scheduler
bind kube-system/system::leader-locking-kube-controller-manager
  user system:kube-controller-manager
  account kube-system/kube-controller-manager
  account kube-system/leader-election-controller
bind kube-system/system::leader-locking-kube-scheduler
  user system:kube-scheduler
  account kube-system/kube-scheduler
bind kube-system/system:controller:bootstrap-signer
  account kube-system/bootstrap-signer
bind kube-system/system:controller:cloud-provider
  account kube-system/cloud-provider
bind kube-system/system:controller:token-cleaner
  account kube-system/token-cleaner
)";

constexpr std::string_view rbac_group = "rbac.authorization.k8s.io";

Value word_list(std::string_view text) {
    Value out = Value::list();
    for (const std::string_view word : split(text, ' ')) {
        if (!word.empty()) {
            out.push_back(word == "-" ? Value("") : Value(word));
        }
    }
    return out;
}

// A label or selector that is written without the group and means "true".
Value aggregation_label(std::string_view name) {
    return Value::map_of({{cat(rbac_group, "/", name), "true"}});
}

Value parse_bootstrap_rule(std::string_view line) {
    const size_t equals = line.find(" = ");
    CHECK(equals != std::string_view::npos);
    Value rule = Value::map_of({{"verbs", word_list(line.substr(equals + 3))}});
    std::string_view left = line.substr(0, equals);
    if (left.starts_with("url ")) {
        rule.set("nonResourceURLs", word_list(left.substr(4)));
        return rule;
    }
    const size_t colon = left.find(" : ");
    CHECK(colon != std::string_view::npos);
    rule.set("apiGroups", word_list(left.substr(0, colon)));
    left = left.substr(colon + 3);
    const size_t hash = left.find(" # ");
    rule.set("resources", word_list(left.substr(0, hash)));
    if (hash != std::string_view::npos) {
        rule.set("resourceNames", word_list(left.substr(hash + 3)));
    }
    return rule;
}

// Namespace ("" if there is none) and name of "NAMESPACE/NAME".
std::pair<std::string_view, std::string_view> split_place(std::string_view text) {
    const size_t slash = text.find('/');
    return slash == std::string_view::npos
               ? std::pair(std::string_view(), text)
               : std::pair(text.substr(0, slash), text.substr(slash + 1));
}

Value new_bootstrap_object(std::string_view kind, std::string_view namespace_,
                           std::string_view name) {
    Value metadata = Value::map_of({{"name", name}});
    if (!namespace_.empty()) {
        metadata.set("namespace", namespace_);
    }
    metadata.set("labels", Value::map_of({{"kubernetes.io/bootstrapping", "rbac-defaults"}}));
    metadata.set("annotations",
                 Value::map_of({{"rbac.authorization.kubernetes.io/autoupdate", "true"}}));
    return Value::map_of({{"kind", kind}, {"metadata", std::move(metadata)}});
}

Value new_bootstrap_binding(std::string_view line) {
    const size_t to = line.find(" to ");
    const auto [namespace_, name] = split_place(line.substr(0, to));
    Value object = new_bootstrap_object(namespace_.empty() ? "ClusterRoleBinding" : "RoleBinding",
                                        namespace_, name);
    object.set(
        "roleRef",
        Value::map_of({{"apiGroup", rbac_group},
                       {"kind", namespace_.empty() ? "ClusterRole" : "Role"},
                       {"name", to == std::string_view::npos ? name : line.substr(to + 4)}}));
    return object;
}

Value parse_bootstrap_subject(std::string_view line) {
    if (line.starts_with("account ")) {
        const auto [namespace_, name] = split_place(line.substr(8));
        return Value::map_of(
            {{"kind", "ServiceAccount"}, {"name", name}, {"namespace", namespace_}});
    }
    const bool is_user = line.starts_with("user ");
    CHECK(is_user || line.starts_with("group "));
    return Value::map_of({{"kind", is_user ? "User" : "Group"},
                          {"apiGroup", rbac_group},
                          {"name", line.substr(is_user ? 5 : 6)}});
}

void add_to_list(Value& object, std::string_view member, Value item) {
    Value list = object.find(member) == nullptr ? Value::list() : *object.find(member);
    list.push_back(std::move(item));
    object.set(member, std::move(list));
}

void add_policy_line(Value& object, std::string_view line) {
    if (object.contains("roleRef")) {
        add_to_list(object, "subjects", parse_bootstrap_subject(line));
    } else if (line.starts_with("label ")) {
        const Value label = aggregation_label(line.substr(6));
        object.mutable_member("metadata")
            .mutable_member("labels")
            .set(label.members()[0].name(), label.members()[0].value);
    } else if (line.starts_with("aggregate ")) {
        Value selector = Value::map_of({{"matchLabels", aggregation_label(line.substr(10))}});
        add_to_list(object.mutable_member("aggregationRule"), "clusterRoleSelectors",
                    std::move(selector));
    } else {
        add_to_list(object, "rules", parse_bootstrap_rule(line));
    }
}

}  // namespace

std::vector<Value> bootstrap_roles() {
    std::vector<Value> out;
    for (const std::string_view line : split(bootstrap_policy, '\n')) {
        if (line.starts_with("role ")) {
            const auto [namespace_, name] = split_place(line.substr(5));
            out.push_back(new_bootstrap_object(namespace_.empty() ? "ClusterRole" : "Role",
                                               namespace_, name));
        } else if (line.starts_with("bind ")) {
            out.push_back(new_bootstrap_binding(line.substr(5)));
        } else if (line.starts_with("  ")) {
            add_policy_line(out.back(), line.substr(2));
        }
    }
    return out;
}

}  // namespace weft::server
