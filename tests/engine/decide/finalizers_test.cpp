// What finalizers hold back, and claims that grow.
#include <catch2/catch.hpp>

#include "tests/support/given.h"

using namespace wavetank;
using command::DeleteObject;
using command::PatchObject;
using event::Propagation;
using support::Cluster;

namespace {
const char* kClaim =
    "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], "
    "storageClassName: fast, resources: {requests: {storage: 1Gi}}}}";
}

TEST_CASE("An object with finalizers goes when the last of them is taken off") {
  Cluster c;
  c.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: m, finalizers: [a.example.com/x, a.example.com/y]}}");
  const event::Ref m = c.find(model::Kind::ConfigMap, "m");
  CHECK(c.wish(DeleteObject{m, Propagation::Background, {}}) == "ObjectDeletionStarted");
  CHECK(c.wish(DeleteObject{m, Propagation::Background, {}}).empty());  // it is going already
  CHECK(c.wish(PatchObject{m, R"({"metadata":{"finalizers":["a.example.com/y","b.example.com/z"]}})"}) ==
        "Invalid: ConfigMap \"m\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the "
        "object is being deleted, found new finalizers []string{\"b.example.com/z\"}");
  CHECK(c.wish(PatchObject{m, R"({"metadata":{"finalizers":["a.example.com/y"]}})"}) == "ObjectUpdated");
  CHECK(c.view().alive(m));
  CHECK(c.wish(PatchObject{m, R"({"metadata":{"finalizers":null}})"}) == "ObjectUpdated ObjectRemoved");
  CHECK_FALSE(c.view().alive(m));
}

TEST_CASE("Foreground deletion waits for its dependents and then for the finalizers that are left") {
  Cluster c;
  c.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: m, finalizers: [a.example.com/x]}}");
  const event::Ref m = c.find(model::Kind::ConfigMap, "m");
  CHECK(c.wish(DeleteObject{m, Propagation::Foreground, {}}) == "ObjectDeletionStarted");
  CHECK(c.wish(command::RemoveObject{m}) == "ObjectDeletionStarted");  // dependents are dealt with
  CHECK(c.wish(command::RemoveObject{m}).empty());
  CHECK(c.wish(PatchObject{m, R"({"metadata":{"finalizers":null}})"}) == "ObjectUpdated ObjectRemoved");

  c.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: other, finalizers: [a.example.com/x]}}");
  const event::Ref n = c.find(model::Kind::ConfigMap, "other");
  c.wish(DeleteObject{n, Propagation::Foreground, {}});
  CHECK(c.wish(PatchObject{n, R"({"metadata":{"finalizers":null}})"}) == "ObjectUpdated");  // dependents first
  CHECK(c.wish(command::RemoveObject{n}) == "ObjectRemoved");
}

TEST_CASE("Claims and volumes are protected from their making") {
  Cluster c;
  c.apply(kClaim);
  c.apply(
      "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {capacity: {storage: 1Gi}, accessModes: "
      "[ReadWriteOnce], hostPath: {path: /x}}}");
  const event::Ref claim = c.find(model::Kind::PersistentVolumeClaim, "data");
  const event::Ref volume = c.find(model::Kind::PersistentVolume, "v");
  CHECK(c.view().stored_doc(claim).at({"metadata", "finalizers"})->items.at(0).text == "kubernetes.io/pvc-protection");
  CHECK(c.view().stored_doc(volume).at({"metadata", "finalizers"})->items.at(0).text == "kubernetes.io/pv-protection");
  CHECK(c.wish(DeleteObject{claim, Propagation::Background, {}}) == "ObjectDeletionStarted");
  CHECK(c.wish(DeleteObject{volume, Propagation::Background, {}}) == "ObjectDeletionStarted");
}

TEST_CASE("A claim grows when it is bound and its class lets it, and shrinks again while it stays above what it has") {
  Cluster c;
  c.apply(kClaim);
  const event::Ref claim = c.find(model::Kind::PersistentVolumeClaim, "data");
  const auto resize = [&](const std::string& size) {
    return c.wish(PatchObject{claim, R"({"spec":{"resources":{"requests":{"storage":")" + size + R"("}}}})"});
  };
  CHECK(resize("2Gi") ==
        "Invalid: PersistentVolumeClaim \"data\" is invalid: spec: Forbidden: spec is immutable after creation except "
        "resources.requests and volumeAttributesClassName for bound claims");
  c.wish(PatchObject{claim, R"({"status":{"phase":"Bound","capacity":{"storage":"1Gi"}}})"});
  const std::string no_class =
      "Forbidden: persistentvolumeclaims \"data\" is forbidden: only dynamically provisioned pvc can be resized and "
      "the "
      "storageclass that provisions the pvc must support resize";
  CHECK(resize("2Gi") == no_class);
  c.apply("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}, provisioner: d.example.com}");
  CHECK(resize("2Gi") == no_class);
  c.apply(
      "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}, provisioner: d.example.com, "
      "allowVolumeExpansion: true}");
  CHECK(resize("2Gi") == "ObjectUpdated");
  CHECK(resize("1536Mi") == "ObjectUpdated");  // not yet made: it may be taken back
  for (const char* size : {"1Gi", "512Mi"})
    CHECK(
        resize(size) ==
        "Invalid: PersistentVolumeClaim \"data\" is invalid: spec.resources.requests.storage: Forbidden: field can not "
        "be less than status.capacity");
}
