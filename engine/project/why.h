#pragma once
// "Why is it so?" of any object at any moment: what it is, the chain of events that led there back to the fault or
// request that began it, and for pods what the scheduler saw.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/project/history.h"
#include "engine/project/style.h"
#include "engine/project/words.h"

namespace wavetank::project {

/// One event, told.
struct Moment {
  Seq seq = 0;
  SimTime time;
  std::string kind;  ///< "PodBound"; "" for steps left out.
  std::string text;
};

struct Chain {
  std::string title;                 ///< "Why 2 pods are not ready", "Why it is on node n3"
  std::vector<std::string> because;  ///< What is so now, in a sentence each.
  std::vector<Moment> moments;       ///< Oldest first: root … event.
};

/// What the scheduler sees, or saw, for a pod.
struct Placement {
  struct Refusal {
    std::string reason;  ///< "Insufficient cpu"
    std::string plugin;
    std::vector<std::string> nodes;
  };
  struct Score {
    std::string node, zone;
    std::vector<std::int64_t> scores;  ///< Normalised × weight, by `plugins`.
    std::int64_t total = 0;
    bool chosen = false;
  };
  SimTime at;
  bool pending = false;
  std::size_t nodes = 0, feasible = 0;
  std::vector<Refusal> refusals;  ///< Most nodes first.
  std::vector<std::string> plugins;
  std::vector<std::int64_t> weights;
  std::vector<Score> best;              ///< By total, at most eight, the chosen one among them.
  std::size_t ties = 0;                 ///< So many had the highest total.
  bool ties_by_name = false;            ///< Of them the smallest name wins; else a draw from the seed.
  std::string unserved;                 ///< The schedulerName that no profile has: then there is nothing else to tell.
  std::vector<std::string> schedulers;  ///< With unserved: the names there are.
};

struct Why {
  std::string object;  ///< "deployment/web"
  SimTime at;
  std::vector<std::string> now;  ///< What it is, in sentences.
  std::vector<Chain> chains;
  std::optional<Placement> placement;
  std::vector<Moment> lately;  ///< The last things that happened to it, oldest first.
};

/// The object by kind, namespace and name, also one that is gone by now (the latest of that name).
Ref find_object(model::Kind kind, std::string_view ns, std::string_view name, const ClusterView& view);
/// The same for kinds without behaviour; the kind by its name or plural in lower case.
Ref find_other_object(std::string_view kind_word, std::string_view ns, std::string_view name, const ClusterView& view);

/// Explains `ref` as it stood after event `upto`, at time `at`. O(events up to there). Error: as History::scan.
base::Result<Why> explain_why(Ref ref, SimTime at, Seq upto, const History& history);

std::string to_text(const Why& why, const Style& style);
model::Doc to_doc(const Why& why);

}  // namespace wavetank::project
