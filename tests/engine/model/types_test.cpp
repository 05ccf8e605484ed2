#include "engine/model/types.h"

#include <catch2/catch.hpp>

using namespace wavetank::model;

TEST_CASE("kinds by the words kubectl knows them under") {
  const std::pair<const char*, Kind> rows[] = {
      {"po", Kind::Pod},
      {"pods", Kind::Pod},
      {"Pod", Kind::Pod},
      {"deploy", Kind::Deployment},
      {"deployments.apps", Kind::Deployment},
      {"deployments.v1.apps", Kind::Deployment},
      {"deployments.extensions", Kind::Other},
      {"svc", Kind::Service},
      {"rs", Kind::ReplicaSet},
      {"no", Kind::Node},
      {"ns", Kind::Namespace},
      {"pdb", Kind::PodDisruptionBudget},
      {"pc", Kind::PriorityClass},
      {"sa", Kind::ServiceAccount},
      {"cm", Kind::ConfigMap},
      {"secret", Kind::Secret},
      {"pv", Kind::PersistentVolume},
      {"pvc", Kind::PersistentVolumeClaim},
      {"sc", Kind::StorageClass},
      {"storageclasses.storage.k8s.io", Kind::StorageClass},
      {"csinode", Kind::CSINode},
      {"endpointslices", Kind::EndpointSlice},
      {"ingress", Kind::Ingress},
      {"sts", Kind::StatefulSet},
      {"hpa", Kind::HorizontalPodAutoscaler},
      {"cronjobs.batch", Kind::CronJob},
      {"vpa", Kind::VerticalPodAutoscaler},
      {"networkpolicies", Kind::Other},
      {"", Kind::Other},
      {".", Kind::Other},
  };
  for (const auto& [word, kind] : rows) {
    INFO(word);
    CHECK(kind_from_word(word) == kind);
  }
  CHECK(kind_from_gvk("apps/v1", "Deployment") == Kind::Deployment);
  CHECK(kind_from_gvk("apps/v1beta1", "Deployment") == Kind::Other);
  for (int i = 0; i < kKindCount; ++i) CHECK(static_cast<int>(kind_info(static_cast<Kind>(i)).kind) == i);
}

TEST_CASE("which taints a toleration tolerates") {
  using Op = Toleration::Op;
  const Taint taint{"dedicated", "gpu", TaintEffect::NoExecute};
  struct Row {
    const char* what;
    Toleration toleration;
    bool tolerates;
  };
  const Row rows[] = {
      {"same key, value and effect", {"dedicated", "gpu", Op::Equal, TaintEffect::NoExecute, {}}, true},
      {"no effect: all effects", {"dedicated", "gpu", Op::Equal, {}, {}}, true},
      {"another value", {"dedicated", "cpu", Op::Equal, {}, {}}, false},
      {"Exists ignores the value", {"dedicated", "", Op::Exists, {}, {}}, true},
      {"another key", {"other", "", Op::Exists, {}, {}}, false},
      {"another effect", {"dedicated", "", Op::Exists, TaintEffect::NoSchedule, {}}, false},
      {"no key, Exists: everything", {"", "", Op::Exists, {}, {}}, true},
      {"no key, but an effect", {"", "", Op::Exists, TaintEffect::NoSchedule, {}}, false},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(row.toleration.tolerates(taint) == row.tolerates);
  }
}

TEST_CASE("percentages round up for surge and down for unavailable") {
  struct Row {
    IntOrPercent value;
    int total, up, down;
    const char* text;
  };
  const Row rows[] = {
      {{25, true}, 10, 3, 2, "25%"},
      {{25, true}, 4, 1, 1, "25%"},
      {{0, true}, 10, 0, 0, "0%"},
      {{100, true}, 7, 7, 7, "100%"},
      {{1, true}, 1, 1, 0, "1%"},
      {{3, false}, 10, 3, 3, "3"},
      {{100, true}, 2000000000, 2000000000, 2000000000, "100%"},
  };
  for (const Row& row : rows) {
    CHECK(row.value.scaled(row.total, true) == row.up);
    CHECK(row.value.scaled(row.total, false) == row.down);
    CHECK(row.value.text() == row.text);
  }
}
