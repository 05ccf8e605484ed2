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
#include "sim/kernel/distribution.h"
#include "sim/kernel/timer_queue.h"
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
  std::string registry;   ///< "ghcr.io"; empty: all.
  std::string direction;  ///< Of a partition: "both", "node-to-api" or "api-to-node".
  std::string label;      ///< Of nodes: "rack=r1", or "rack" for all that have it.
  // node empty: any node. With neither node, zone nor count, one node is meant.
  std::optional<std::int64_t> count;  ///< So many of those meant, chosen by the seed; missing: all of them.
  // When
  std::optional<Duration> duration;  ///< Heals after this; missing: stays until healed.
  // Each target fails again and again: up for a draw of the first, down for a draw of the second.
  std::optional<kernel::Distribution> time_to_failure, time_to_repair;
  // What
  std::int32_t exit_code = 1;
  bool oom = false;                   ///< Reported as OOMKilled, exit code 137.
  Duration after;                     ///< Time from a container's start to its crash, where it crashes again and again.
  std::optional<std::int64_t> bytes;  ///< That fill a disk; that leak in a second.
  std::int64_t percent = 10;          ///< Of the usual speed, where something is slow.
  base::Position position;

  /// "node-crash of node n1 for 5m", as in the report.
  [[nodiscard]] std::string text() const;
};

enum class FieldType : std::uint8_t { Text, Count, Duration, Number, Percent, Bytes, Flag, Distribution };
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

/// Reads {distribution: weibull, shape: 0.7, scale: 200h}, or a duration, which is constant. `name` is the field's, for
/// messages. Error: everything wrong with it.
base::Result<kernel::Distribution> parse_distribution(const model::Doc& doc, std::string_view name,
                                                      std::string_view file);
/// The values of an empirical distribution in a file: a duration a line, a weight behind it if need be, comments after
/// #. The result is {values: […], weights: […]} as it would stand in the fault. Error: every line that is wrong.
base::Result<model::Doc> parse_samples(std::string_view text, std::string_view file);

/// Begins faults and ends them when their time is up. Time is driven from outside: call act() at next_due().
class FaultEngine {
 public:
  /// Both must outlive the engine. `seed` is the run's: it decides whom `count` chooses.
  FaultEngine(loop::ControlPlane& control_plane, world::SimWorld& world, std::uint64_t seed);

  /// Begins it now: FaultInjected (with `cause`, e.g. the scenario's request), the machines' facts, the world's levers.
  /// The caller steps the control plane afterwards. Error: nobody is meant; then nothing happened.
  base::Result<FaultId> begin(const FaultSpec& spec, SimTime now, Seq cause = 0);
  /// Ends one before its time. False if it is not on.
  bool end(FaultId fault, SimTime now, Seq cause = 0);
  /// Ends all of this kind ("" = of every kind), renewals too; how many.
  std::size_t end_all(std::string_view kind, SimTime now, Seq cause = 0);

  /// Begins a spec with a time to failure: from now on each target, those that come later too, fails and is repaired as
  /// a renewal process with a stream of its own, named by the spec's words and the target's name. Every failure is a
  /// fault as begin() makes it.
  std::size_t begin_renewal(const FaultSpec& spec, SimTime now);
  /// No more failures of it; what is broken is repaired now. False if it was ended before.
  bool end_renewal(std::size_t renewal, SimTime now, Seq cause = 0);

  /// When act() has something to do next.
  [[nodiscard]] SimTime next_due() const;
  /// Ends what is due at `now`, in the order of beginning, then lets fail what is due, in the order of its becoming
  /// due.
  void act(SimTime now);

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
  /// One target of a renewal.
  struct Process {
    std::size_t renewal = 0;
    FaultSpec spec;  ///< Of this target alone.
    base::Stream stream;
    std::uint64_t failures = 0;
    std::optional<FaultId> last;
  };
  struct Renewal {
    FaultSpec spec;
    base::Stream stream;
    SimTime since;
    std::size_t nodes_seen = 0, pods_seen = 0;
    std::vector<std::string> known;  ///< Zones and other domains with a process, sorted.
    bool over = false;
  };
  void end_at(std::size_t index, SimTime now, Seq cause);
  void find_targets(std::size_t renewal, SimTime now);
  void add_process(std::size_t renewal, FaultSpec spec, std::string_view target, SimTime now);
  void plan_failure(std::size_t process, SimTime from);
  void fail(std::size_t process, SimTime now);

  loop::ControlPlane* control_plane_;
  world::SimWorld* world_;
  std::uint64_t seed_;
  std::map<std::string, std::uint64_t> begun_;  ///< How often the same words were begun: each time chooses anew.
  std::vector<Active> active_;
  std::vector<Renewal> renewals_;
  std::vector<Process> processes_;
  mutable kernel::TimerQueue failures_;  ///< Subject: a process.
};

}  // namespace wavetank::fault
