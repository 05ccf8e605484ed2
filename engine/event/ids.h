#pragma once
// What events name things by. Rows are dense, never reused, and numbered in the order of creation.

#include "engine/base/ids.h"
#include "engine/model/types.h"

namespace wavetank::event {

using base::Id;
using base::Seq;
using base::Sym;

using PodId = Id<struct PodTag>;
using NodeId = Id<struct NodeTag>;
using ReplicaSetId = Id<struct ReplicaSetTag>;
using DeploymentId = Id<struct DeploymentTag>;
using ServiceId = Id<struct ServiceTag>;
using EndpointSliceId = Id<struct EndpointSliceTag>;
using PdbId = Id<struct PdbTag>;
using PriorityClassId = Id<struct PriorityClassTag>;
using NamespaceId = Id<struct NamespaceTag>;
using PvId = Id<struct PvTag>;    ///< PersistentVolume
using PvcId = Id<struct PvcTag>;  ///< PersistentVolumeClaim
using StorageClassId = Id<struct StorageClassTag>;
using CsiNodeId = Id<struct CsiNodeTag>;
using StatefulSetId = Id<struct StatefulSetTag>;
using DaemonSetId = Id<struct DaemonSetTag>;
using ControllerRevisionId = Id<struct ControllerRevisionTag>;
using JobId = Id<struct JobTag>;
using CronJobId = Id<struct CronJobTag>;
using HpaId = Id<struct HpaTag>;
using VpaId = Id<struct VpaTag>;
using QuotaId = Id<struct QuotaTag>;
using LimitRangeId = Id<struct LimitRangeTag>;
using RuntimeClassId = Id<struct RuntimeClassTag>;
using IngressId = Id<struct IngressTag>;
using IngressClassId = Id<struct IngressClassTag>;
using VolumeAttachmentId = Id<struct VolumeAttachmentTag>;
using OtherId = Id<struct OtherTag>;  ///< ServiceAccount, ConfigMap, Secret and every kind without behaviour.
using TemplateId = Id<struct TemplateTag>;
using FaultId = Id<struct FaultTag>;

/// Any object: its kind and its row among those of the kind.
struct Ref {
  model::Kind kind = model::Kind::Other;
  std::uint32_t row = base::Id<void>::kNone;

  Ref() = default;
  Ref(model::Kind k, std::uint32_t r) : kind(k), row(r) {}
  Ref(PodId id) : kind(model::Kind::Pod), row(id.value) {}                                // NOLINT: a typed id is a Ref
  Ref(NodeId id) : kind(model::Kind::Node), row(id.value) {}                              // NOLINT
  Ref(ReplicaSetId id) : kind(model::Kind::ReplicaSet), row(id.value) {}                  // NOLINT
  Ref(DeploymentId id) : kind(model::Kind::Deployment), row(id.value) {}                  // NOLINT
  Ref(ServiceId id) : kind(model::Kind::Service), row(id.value) {}                        // NOLINT
  Ref(EndpointSliceId id) : kind(model::Kind::EndpointSlice), row(id.value) {}            // NOLINT
  Ref(PdbId id) : kind(model::Kind::PodDisruptionBudget), row(id.value) {}                // NOLINT
  Ref(PriorityClassId id) : kind(model::Kind::PriorityClass), row(id.value) {}            // NOLINT
  Ref(PvId id) : kind(model::Kind::PersistentVolume), row(id.value) {}                    // NOLINT
  Ref(PvcId id) : kind(model::Kind::PersistentVolumeClaim), row(id.value) {}              // NOLINT
  Ref(StorageClassId id) : kind(model::Kind::StorageClass), row(id.value) {}              // NOLINT
  Ref(CsiNodeId id) : kind(model::Kind::CSINode), row(id.value) {}                        // NOLINT
  Ref(NamespaceId id) : kind(model::Kind::Namespace), row(id.value) {}                    // NOLINT
  Ref(StatefulSetId id) : kind(model::Kind::StatefulSet), row(id.value) {}                // NOLINT
  Ref(DaemonSetId id) : kind(model::Kind::DaemonSet), row(id.value) {}                    // NOLINT
  Ref(ControllerRevisionId id) : kind(model::Kind::ControllerRevision), row(id.value) {}  // NOLINT
  Ref(JobId id) : kind(model::Kind::Job), row(id.value) {}                                // NOLINT
  Ref(CronJobId id) : kind(model::Kind::CronJob), row(id.value) {}                        // NOLINT
  Ref(HpaId id) : kind(model::Kind::HorizontalPodAutoscaler), row(id.value) {}            // NOLINT
  Ref(VpaId id) : kind(model::Kind::VerticalPodAutoscaler), row(id.value) {}              // NOLINT
  Ref(QuotaId id) : kind(model::Kind::ResourceQuota), row(id.value) {}                    // NOLINT
  Ref(LimitRangeId id) : kind(model::Kind::LimitRange), row(id.value) {}                  // NOLINT
  Ref(RuntimeClassId id) : kind(model::Kind::RuntimeClass), row(id.value) {}              // NOLINT
  Ref(IngressId id) : kind(model::Kind::Ingress), row(id.value) {}                        // NOLINT
  Ref(IngressClassId id) : kind(model::Kind::IngressClass), row(id.value) {}              // NOLINT
  Ref(VolumeAttachmentId id) : kind(model::Kind::VolumeAttachment), row(id.value) {}      // NOLINT

  [[nodiscard]] bool valid() const { return row != base::Id<void>::kNone; }
  template <class T>
  [[nodiscard]] T as() const {
    return T(row);
  }
  auto operator<=>(const Ref&) const = default;
  template <class A>
  void fields(A& a) {
    a(kind, row);
  }
};

}  // namespace wavetank::event
