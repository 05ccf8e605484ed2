#pragma once
// Objects as the tables that `kubectl get` prints. Source: kubernetes pkg/printers/internalversion/printers.go. What
// does not exist here (addresses of pods, machines' kernels) is <none>; `-o wide` of nodes shows zone and what is
// requested instead.

#include <string>
#include <string_view>
#include <vector>

#include "engine/project/kube_events.h"
#include "engine/project/words.h"

namespace wavetank::project {

struct Table {
  struct Column {
    std::string name;
    bool wide = false;  ///< Only with `-o wide`.
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  ///< One cell a column.
};

/// A kind to show: one of those with behaviour, or another by its name.
struct KindQuery {
  model::Kind kind = model::Kind::Other;
  base::Sym other;  ///< Kind::Other: symbol of the kind's name ("Ingress").
};

/// Alive objects of a kind by namespace and name; `ns` "" = of all namespaces; a null `selector` selects all.
std::vector<Ref> list_objects(const KindQuery& kind, std::string_view ns, const model::LabelSelector* selector,
                              const ClusterView& view);

/// The table of objects of one kind. `prefix`: names as "deployment.apps/web".
Table object_table(const KindQuery& kind, const std::vector<Ref>& refs, bool prefix, bool namespaces,
                   const ClusterView& view);
Table event_table(const std::vector<EventLedger::Entry>& entries, bool namespaces, const ClusterView& view);

/// The Endpoints objects of these Services, derived; those that have none are left out. `prefix`: "endpoints/web".
Table endpoints_table(const std::vector<Ref>& services, bool namespaces, bool prefix, const ClusterView& view);

/// The table as kubectl aligns it: three blanks between columns, none at the end of a line.
std::string to_text(const Table& table, bool wide);

/// The STATUS column of a pod: phase, or what says more ("CrashLoopBackOff", "Init:0/1", "Terminating").
std::string pod_status(PodId pod, const ClusterView& view);
/// "deployment.apps/web" as `kubectl get -o name` prints it.
std::string qualified_name(Ref ref, const ClusterView& view);

}  // namespace wavetank::project
