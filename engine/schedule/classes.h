#pragma once
// Classes of pods, compiled once, and what plugins said of them on each node, kept until the node changes:
//
//   ObjectAnswers  verdict and raw scores of plugins that read the node's object only, shared by all classes that these
//                  plugins cannot tell apart
//   LoadAnswers    with the plugins that read the pods on the node: verdict and load score, the weighted sum of the
//                  plugins of Depends::NodeLoad
//   CellAnswers    nodes in cells (cells.h), for one class
//
// Together they may take a bounded number of bytes a node; the ones used longest ago go first.

#include <array>
#include <bit>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/schedule/cells.h"
#include "engine/schedule/framework.h"

namespace wavetank::schedule {

inline constexpr std::size_t kMaxObjectScorers = 4;

/// What plugins of Depends::NodeObject say of a node.
struct ObjectAnswer {
  Verdict verdict = kPassed;
  std::array<std::int32_t, kMaxObjectScorers> raw{};  ///< By Scorer::slot.
  bool operator==(const ObjectAnswer& other) const {
    std::uint32_t differ = std::bit_cast<std::uint32_t>(verdict) ^ std::bit_cast<std::uint32_t>(other.verdict);
    for (std::size_t i = 0; i < kMaxObjectScorers; ++i) differ |= static_cast<std::uint32_t>(raw[i] ^ other.raw[i]);
    return differ == 0;
  }
};

struct ObjectAnswers {
  static constexpr std::size_t kBytesANode = 4;
  std::uint64_t cursor = 0;           ///< In Cache::objects.
  std::vector<std::uint32_t> answer;  ///< By node, into `distinct`.
  std::vector<ObjectAnswer> distinct;
  [[nodiscard]] const ObjectAnswer& of(NodeId n) const { return distinct[answer[n.index()]]; }
};

struct LoadAnswers {
  static constexpr std::size_t kBytesANode = 12;
  std::vector<std::uint32_t> version;  ///< By node: Cache::load_version when asked.
  std::vector<Verdict> verdict;
  std::vector<std::int32_t> score;  ///< Of nodes that pass.
};

struct CellAnswers {
  static constexpr std::size_t kBytesANode = 6;  ///< A place, and a share of the cells.
  std::uint64_t cursor = 0;                      ///< In Cache::loads.
  std::uint64_t epoch = 0;  ///< Sum of Plugin::traits_epoch; what was compiled anew has another key.
  std::size_t width = 0;    ///< Numbers a node.
  bool useless = false;     ///< Too many cells; asked for again when the epoch changes.
  Cells cells;
};

/// Things kept by key. Given up: what was not asked for in the last kIdle times that anything was, and when there is no
/// room, what was used longest ago.
template <class T>
class Kept {
 public:
  /// The thing of `key`, made empty if it is not there. `slot` and `made` remember where it was.
  T& get(const std::string& key, std::uint32_t& slot, std::uint64_t& made, std::size_t most);
  void clear() { *this = Kept(); }

 private:
  struct Entry {
    std::string key;
    std::uint64_t made = 0, last_used = 0;
    T value;
  };
  static constexpr std::uint64_t kIdle = 8192;
  std::uint32_t free_slot(std::size_t most);
  void give_up_if_idle(std::size_t slot);

  std::vector<std::unique_ptr<Entry>> entries_;  // null: free
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string, std::uint32_t> index_;  // lookup only
  std::uint64_t uses_ = 0, makings_ = 0;
  std::size_t looked_at_ = 0;  // the entry looked at last for being idle
};

/// A plugin that scores, with its weight. Plugins of Depends::NodeObject have a slot in ObjectAnswer::raw.
struct Scorer {
  Plugin* plugin = nullptr;
  std::int64_t weight = 1;
  bool pre_score = false;
  std::int32_t slot = -1;
  Depends depends = Depends::Cluster;
};

/// The plugins of one profile, made and put in order.
struct PluginSet {
  explicit PluginSet(const Profile& profile);
  std::vector<std::unique_ptr<Plugin>> all;       ///< By Plugin::index.
  std::vector<Plugin*> pre_enqueue, pre_filters;  ///< In order.
  std::vector<Plugin*> filters;                   ///< By filter_order.
  std::vector<Plugin*> object_filters, load_filters, cluster_filters;
  std::vector<Plugin*> cluster;  ///< All of Depends::Cluster that filter or score.
  std::vector<Plugin*> reservers, permitters;
  std::vector<Scorer> scorers, object_scorers, load_scorers;
  std::int64_t load_weights = 0;  ///< Sum over load_scorers.
};

class Classes {
 public:
  Classes(PluginSet& plugins, Cache& cache, Reasons& reasons) : plugins_(plugins), cache_(cache), reasons_(reasons) {}

  /// O(1) once met and nothing changed about services and namespaces.
  PodClass& class_of(TemplateId tmpl, event::Ref owner, const ClusterView& view);
  /// Current for all nodes. O(node objects changed since it was last asked for).
  const ObjectAnswers& objects_of(PodClass& pod_class, const Cycle& c);
  /// Current for `nodes`. O(nodes) to look, plus the work for those that changed.
  const LoadAnswers& loads_of(PodClass& pod_class, const Cycle& c, const ObjectAnswers& objects, Nodes nodes);
  /// Current for all nodes. O(changes since it was last asked for), O(nodes) the first time. Null when this class has
  /// no use for cells. `opaque` gets the plugins without traits, whose word on each node has to be asked for.
  CellAnswers* cells_of(PodClass& pod_class, const Cycle& c, std::vector<Plugin*>& opaque);
  /// Local verdicts of `nodes` as they are at this moment; nothing is kept.
  void local_verdicts(const Cycle& c, const ObjectAnswers& objects, Nodes nodes, Verdict* out);
  /// The same without answers about any other node. `out` holds kPassed.
  void verdicts_now(const Cycle& c, Nodes nodes, Verdict* out);

  /// Services or namespaces changed: what was compiled may be wrong.
  void outdate() { ++epoch_; }
  /// Keeps no answer from one cycle to the next.
  void ask_anew_each_time(bool plain) { plain_ = plain; }
  void clear();

 private:
  void compile(PodClass& pod_class, const ClusterView& view);
  void ask_objects(const Cycle& c, ObjectAnswers& answers, Nodes nodes);
  void load_scores(const Cycle& c, Nodes nodes, std::int32_t* out);
  bool update_cells(const Cycle& c, const ObjectAnswers& objects, CellAnswers& answers, Nodes nodes);
  bool read_traits(const Cycle& c, CellAnswers& answers, std::vector<Plugin*>& opaque);
  Nodes changed_since(const ChangeLog& log, std::uint64_t cursor, bool listed_only);
  [[nodiscard]] std::size_t most_kept(std::size_t bytes_a_node) const;

  PluginSet& plugins_;
  Cache& cache_;
  Reasons& reasons_;
  std::vector<std::unique_ptr<PodClass>> classes_;
  std::vector<std::vector<std::uint32_t>> by_template_;
  Kept<ObjectAnswers> objects_;
  Kept<LoadAnswers> loads_;
  Kept<CellAnswers> cells_;
  std::uint64_t epoch_ = 1;
  bool plain_ = false;
  // scratch
  std::vector<NodeId> stale_, passing_;
  std::vector<std::uint32_t> stamp_;
  std::uint32_t stamp_now_ = 0;
  std::vector<Verdict> verdicts_;
  std::vector<std::int64_t> scores_;
  std::vector<std::int64_t> raws_;
  std::vector<std::int32_t> sums_;
  std::vector<std::int32_t> keys_;
  std::vector<std::pair<Plugin*, int>> with_traits_;
};

}  // namespace wavetank::schedule
