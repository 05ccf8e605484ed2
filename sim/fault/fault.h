#pragma once
// A fault = When × Who × What. When is the scenario's business (its timeline calls begin()) and `duration`; Who is a
// FaultSpec's targets; What is its kind, one file a kind, see registry.h.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/loop/control_plane.h"
#include "engine/model/doc.h"
#include "sim/world/sim_world.h"

namespace wavetank::fault {

using base::Duration;
using base::Seq;
using base::SimTime;
using event::FaultId;
using event::NodeId;
using event::PodId;
using state::ClusterView;

/// One fault of the timeline as written. Which fields a kind takes is in its KindInfo.
struct FaultSpec {
  std::string kind;
  // Who
  std::string node;  ///< Name or pattern.
  std::string zone;
  std::string ns = "default";
  std::string pod;        ///< Name or pattern.
  std::string workload;   ///< "deployment/web", "replicaset/web-abc"
  std::string container;  ///< Name; empty: the first of the pod's containers.
  std::string image;      ///< Pattern, see world::matches_image.
  // node empty: any node. With neither node, zone nor count, one node is meant.
  std::optional<std::int64_t> count;  ///< So many of those meant, chosen by the seed; missing: all of them.
  // When
  std::optional<Duration> duration;  ///< Heals after this; missing: stays until healed.
  // What
  std::int32_t exit_code = 1;
  bool oom = false;  ///< Reported as OOMKilled, exit code 137.
  Duration after;    ///< Time from a container's start to its crash, where it crashes again and again.
  base::Position position;

  /// "node-crash of node n1 for 5m", as in the report.
  [[nodiscard]] std::string text() const;
};

enum class FieldType : std::uint8_t { Text, Count, Duration, Number, Flag };
struct FieldInfo {
  std::string_view name;  ///< As in the file: "exitCode"
  FieldType type;
  std::string_view meaning;
};
/// All fields a fault may have beside `kind`, sorted by name.
std::span<const FieldInfo> fields();

/// Reads {kind: zone-outage, zone: a, duration: 10m}. Error: everything wrong with it, by place, with the nearest known
/// words.
base::Result<FaultSpec> parse(const model::Doc& doc, std::string_view file);

/// Begins faults and ends them when their time is up. Time is driven from outside: call end_due() at next_end().
class FaultEngine {
 public:
  /// Both must outlive the engine. `seed` is the run's: it decides whom `count` chooses.
  FaultEngine(loop::ControlPlane& control_plane, world::SimWorld& world, std::uint64_t seed);

  /// Begins it now: FaultInjected (with `cause`, e.g. the scenario's request), the machines' facts, the world's levers.
  /// The caller steps the control plane afterwards. Error: nobody is meant; then nothing happened.
  base::Result<FaultId> begin(const FaultSpec& spec, SimTime now, Seq cause = 0);
  /// Ends one before its time. False if it is not on.
  bool end(FaultId fault, SimTime now, Seq cause = 0);
  /// Ends all of this kind ("" = of every kind); how many.
  std::size_t end_all(std::string_view kind, SimTime now, Seq cause = 0);

  [[nodiscard]] SimTime next_end() const;
  /// Ends what is due at `now`, in the order of beginning.
  void end_due(SimTime now);

  /// A fault that is on.
  struct Active {
    FaultId id;
    Seq seq = 0;  ///< Its FaultInjected.
    FaultSpec spec;
    std::vector<NodeId> nodes;          ///< Whom it struck, where these are nodes.
    std::vector<std::string> patterns;  ///< Images it struck.
    SimTime ends = SimTime::never();
  };
  [[nodiscard]] const std::vector<Active>& active() const { return active_; }

 private:
  void end_at(std::size_t index, SimTime now, Seq cause);

  loop::ControlPlane* control_plane_;
  world::SimWorld* world_;
  std::uint64_t seed_;
  std::map<std::string, std::uint64_t> begun_;  ///< How often the same words were begun: each time chooses anew.
  std::vector<Active> active_;
};

}  // namespace wavetank::fault
