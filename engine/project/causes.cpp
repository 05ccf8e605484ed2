#include "engine/project/causes.h"

#include <algorithm>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <utility>

namespace wavetank::project {

using base::Seq;

Seq CausalGraph::root(Seq seq) const {
  while (cause(seq) != 0) seq = cause(seq);
  return seq;
}

std::vector<Seq> CausalGraph::chain(Seq seq) const {
  std::vector<Seq> out;
  for (; seq != 0; seq = cause(seq)) out.push_back(seq);
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<Seq> CausalGraph::roots() const {
  std::vector<Seq> out;
  for (Seq seq = 1; seq <= causes_.size(); ++seq) {
    if (cause(seq) == 0) out.push_back(seq);
  }
  return out;
}

namespace {

using Graph = boost::compressed_sparse_row_graph<boost::directedS>;

/// Notes every vertex that the search comes upon.
struct Reached : boost::default_bfs_visitor {
  explicit Reached(std::vector<Seq>& out) : reached(&out) {}
  void discover_vertex(Graph::vertex_descriptor v, const Graph&) const { reached->push_back(static_cast<Seq>(v)); }
  std::vector<Seq>* reached;
};

}  // namespace

std::vector<Seq> CausalGraph::consequences(Seq seq) const {
  std::vector<Seq> out;
  if (seq == 0 || seq > causes_.size()) return out;
  std::vector<std::pair<std::size_t, std::size_t>> edges;
  for (Seq s = 1; s <= causes_.size(); ++s) {
    if (cause(s) >= seq) edges.emplace_back(cause(s), s);  // what lies before cannot follow from it
  }
  const Graph graph(boost::edges_are_unsorted_multi_pass, edges.begin(), edges.end(), causes_.size() + 1);
  boost::breadth_first_search(graph, seq, boost::visitor(Reached(out)));
  std::sort(out.begin(), out.end());
  out.erase(out.begin());  // itself: causes come before their effects
  return out;
}

}  // namespace wavetank::project
