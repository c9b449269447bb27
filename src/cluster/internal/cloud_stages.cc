// cluster/internal/cloud_stages.cc: how the kinds of three cloud operators become ready.

#include "cluster/stage.h"

namespace weft::cluster {

namespace {

// Values that a cloud would give are made up from the schema and the object's uid; what people
// wait for or read is said here. "Available" and its kin are what AWS calls a thing that is there.
constexpr std::string_view cloud_rules = R"yaml(
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: ack}
spec:
  selector: {group: "*.services.k8s.aws"}
  fill: true
  status:
    ackResourceMetadata:
      ownerAccountID: "000000000000"
      region: us-west-2
      arn: "arn:aws:${object.apiVersion.split('.')[0]}:us-west-2:000000000000:${object.kind.lowerAscii()}/${object.metadata.name}"
  conditions:
  - {type: ACK.ResourceSynced, status: "True", message: Resource synced successfully, reason: ""}
  - {type: Ready, status: "True", message: Resource synced successfully, reason: ""}
---
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: ack-eks}
spec:
  selector: {group: eks.services.k8s.aws}
  status: {status: ACTIVE}
---
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: ack-rds-instance}
spec:
  selector: {group: rds.services.k8s.aws, kind: DBInstance}
  status:
    dbInstanceStatus: available
    endpoint: {address: "${object.metadata.name}.000000000000.us-west-2.rds.amazonaws.com", port: 5432}
---
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: ack-rds-cluster}
spec:
  selector: {group: rds.services.k8s.aws, kind: DBCluster}
  status: {status: available}
---
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: ack-elasticache}
spec:
  selector: {group: elasticache.services.k8s.aws, kind: ServerlessCache}
  status:
    status: available
    endpoint: {address: "${object.metadata.name}.serverless.usw2.cache.amazonaws.com", port: 6379}
---
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: ack-elasticache-cluster}
spec:
  selector: {group: elasticache.services.k8s.aws, kind: CacheCluster}
  status: {cacheClusterStatus: available}
---
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: ack-dynamodb}
spec:
  selector: {group: dynamodb.services.k8s.aws, kind: Table}
  status: {tableStatus: ACTIVE}
---
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: ack-ec2}
spec:
  selector: {group: ec2.services.k8s.aws}
  when: "has(object.status.state)"
  status: {state: available}
---
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: config-connector}
spec:
  selector: {group: "*.cnrm.cloud.google.com"}
  fill: true
  status:
    observedGeneration: "${object.metadata.generation}"
  conditions:
  - {type: Ready, status: "True", reason: UpToDate, message: The resource is up to date}
---
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: config-connector-account}
spec:
  selector: {group: iam.cnrm.cloud.google.com, kind: IAMServiceAccount}
  status:
    email: "${object.metadata.name}@weft.iam.gserviceaccount.com"
    member: "serviceAccount:${object.metadata.name}@weft.iam.gserviceaccount.com"
---
apiVersion: weft.dev/v1alpha1
kind: Stage
metadata: {name: azure-service-operator}
spec:
  selector: {group: "*.azure.com"}
  fill: true
  status:
    id: "/subscriptions/00000000-0000-0000-0000-000000000000/providers/${object.kind}/${object.metadata.name}"
    provisioningState: Succeeded
  conditions:
  - {type: Ready, status: "True", reason: Succeeded, observedGeneration: "${object.metadata.generation}", severity: ""}
)yaml";

}  // namespace

std::vector<Stage> cloud_stages() {
    auto parsed = Stage::parse_all(cloud_rules, "cloud");
    CHECK(parsed.has_value());
    return std::move(*parsed);
}

}  // namespace weft::cluster
