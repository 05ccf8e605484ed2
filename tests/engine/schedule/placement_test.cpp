// Where pods go: one table a plugin. How to read them: table.h.
#include <catch2/catch.hpp>

#include "tests/engine/schedule/table.h"

using wavetank::schedule_table::differences;

TEST_CASE("Resources: pods go where most is left, and nowhere when nothing is") {
  CHECK(differences(R"(
    node small cpu=2 memory=4Gi
    node large cpu=8 memory=16Gi
    pod a cpu=1 memory=1Gi -> large
    pod b cpu=1 memory=1Gi -> large
    pod c cpu=9            -> none: 0/2 nodes are available: 2 Insufficient cpu.
    pod d memory=99Gi cpu=9 -> none: 2 Insufficient cpu, 2 Insufficient memory.
    pod e gpu=1            -> none: 2 Insufficient vendor.com/gpu
  )") == "");
}

TEST_CASE("Resources: the number of pods is one") {
  CHECK(differences(R"(
    node n1 pods=1
    placed x on n1
    pod a -> none: 0/1 nodes are available: 1 Too many pods.
  )") == "");
}

TEST_CASE("Taints: NoSchedule keeps out, PreferNoSchedule costs, tolerations open") {
  CHECK(differences(R"(
    node a taint=gpu:NoSchedule
    node b taint=old:PreferNoSchedule
    node c
    pod p1 cpu=1 -> c
    pod p2 cpu=1 {tolerations: [{key: gpu, operator: Exists}], nodeSelector: {kubernetes.io/hostname: a}} -> a
    pod p3 cpu=1 {nodeSelector: {kubernetes.io/hostname: a}} -> none: 1 node(s) had untolerated taint {gpu: }, 2 node(s) didn't match Pod's node affinity/selector.
    pod p4 cpu=3 {tolerations: [{key: old, operator: Exists}]} -> b
  )") == "");
}

TEST_CASE("Cordoned nodes take pods that tolerate it") {
  CHECK(differences(R"(
    node a cordoned
    pod p1 -> none: 1 node(s) were unschedulable.
    pod p2 {tolerations: [{key: node.kubernetes.io/unschedulable, operator: Exists}]} -> a
  )") == "");
}

TEST_CASE("Node affinity: required terms are or-ed, preferred ones add up") {
  CHECK(differences(R"(
    node a disk=hdd
    node b disk=ssd zone=z1
    node c disk=ssd zone=z2
    pod p1 {nodeSelector: {disk: hdd}} -> a
    pod p2 {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}]}, preferredDuringSchedulingIgnoredDuringExecution: [{weight: 50, preference: {matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [z2]}]}}]}}} -> c
    pod p3 {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [b]}]}]}}}} -> b
  )") == "");
}

TEST_CASE("Host ports: one pod a node and port") {
  CHECK(differences(R"(
    node a
    node b
    pod p1 port=80 -> a
    pod p2 port=80 -> b
    pod p3 port=80 -> none: 2 node(s) didn't have free ports for the requested pod ports.
  )") == "");
}

TEST_CASE("Hard topology spread: the skew over zones stays within bounds") {
  CHECK(differences(R"(
    node a1 zone=a
    node a2 zone=a
    node b1 zone=b cpu=1
    pod p1 cpu=500m app=x {topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: x}}}]} -> a1
    pod p2 cpu=500m app=x {topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: x}}}]} -> b1
    pod p3 cpu=1    app=x {topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: x}}}]} -> a2
    pod p4 cpu=1    app=x {topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: x}}}]} -> none: 1 Insufficient cpu, 2 node(s) didn't match pod topology spread constraints.
  )") == "");
}

TEST_CASE("Default spread: pods of one service keep apart without saying so") {
  CHECK(differences(R"(
    node a1 zone=a cpu=64 memory=64Gi
    node b1 zone=b cpu=64 memory=64Gi
    service web app=web
    placed w1 on a1 cpu=100m memory=100Mi app=web
    placed w2 on a1 cpu=100m memory=100Mi app=web
    placed o1 on b1 cpu=400m memory=400Mi app=other
    pod w3 cpu=100m memory=100Mi app=web  -> b1
    pod o2 cpu=100m memory=100Mi app=else -> a1
  )") == "");
}

TEST_CASE("Inter-pod affinity: with friends, away from foes, and foes have a say") {
  CHECK(differences(R"(
    node a1 zone=a
    node b1 zone=b
    placed cache on b1 app=cache
    pod web app=web {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: cache}}}]}}} -> b1
    pod db app=db {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: web}}}]}}} -> a1
    pod web2 app=web {nodeSelector: {topology.kubernetes.io/zone: a}} -> none: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) didn't satisfy existing pods anti-affinity rules.
    pod lone app=lone {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: nobody}}}]}}} -> none: 2 node(s) didn't match pod affinity rules.
    pod first app=first {affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: topology.kubernetes.io/zone, labelSelector: {matchLabels: {app: first}}}]}}} -> a1
  )") == "");
}

TEST_CASE("Image locality: an image already there is worth a little") {
  CHECK(differences(R"(
    node a
    node b image=big:1
    node c
    pod p1 image=big:1   -> b
    pod p2 image=small:1 -> a
  )") == "");
}

TEST_CASE("Preemption: the least important pods go, where that hurts least") {
  CHECK(differences(R"(
    node n1 cpu=2
    node n2 cpu=2
    placed old   on n1 cpu=1 priority=1
    placed dear  on n1 cpu=1 priority=50
    placed young on n2 cpu=1 priority=1
    placed huge  on n2 cpu=1 priority=100
    # equal victims: the one that started last is the lesser loss
    pod p1 cpu=1 priority=60 -> evicts young on n2
    pod p2 cpu=1 priority=60 {preemptionPolicy: Never} -> none: not eligible due to preemptionPolicy=Never.
    # what p1 waited for has happened
    pod p3 cpu=3 priority=60 -> n2
  )") == "");
  CHECK(differences(R"(
    node n1 cpu=2
    placed old on n1 cpu=1 priority=1
    pod p1 cpu=3 priority=60 -> none: 1 Preemption is not helpful for scheduling.
  )") == "");
}

TEST_CASE("Preemption: a budget's pods are spared where others can go") {
  CHECK(differences(R"(
    node n1 cpu=2
    node n2 cpu=2
    budget web app=web allows 0
    placed a1 on n1 cpu=1 app=batch priority=7
    placed a2 on n1 cpu=1 app=batch priority=7
    placed w1 on n2 cpu=2 app=web priority=1
    pod p1 cpu=2 priority=9 -> evicts a1 a2 on n1
  )") == "");
}

TEST_CASE("Preemption: more important pods are reprieved first") {
  CHECK(differences(R"(
    node n1 cpu=3
    placed low  on n1 cpu=1 priority=1
    placed mid  on n1 cpu=1 priority=2
    placed high on n1 cpu=1 priority=3
    pod p1 cpu=1 priority=9 -> evicts low on n1
    pod p2 cpu=1 priority=5 -> evicts mid on n1
  )") == "");
}
