// Images: which node has them, pulling them, and what faults do to them.
#include "sim/world/impl.h"

namespace wavetank::world {
namespace {

// After a failed sync a pod worker waits for 10 s before the next one, which then says ImagePullBackOff. Only the first
// time the start of the sandbox, seen by looking, brings that sync sooner. Source: pkg/kubelet/pod_workers.go,
// backOffPeriod.
constexpr Duration kWorkerBackOff = base::seconds(10);

}  // namespace

std::uint32_t SimWorld::Impl::intern_image(std::string_view name) {
  const std::size_t known = image_names.size();
  const base::Sym sym = image_names.intern(name);
  if (image_names.size() == known && sym.index() > 0) return sym.value - 1;
  if (sym.index() == 0) return intern_image(" ");  // an image without a name cannot be pulled, but must not be mixed up
  ImageSlot slot;
  slot.name = std::string(name);
  slot.full = full_names.intern(full_image_name(name)).value;
  slot.size = params.get(Param::ImageSize, name).value;
  slot.exit_code = params.get(Param::AppExitCode, name).value;
  slot.ready_after = params.get(Param::AppReadyAfter, name);
  slot.exits_after = params.get(Param::AppExitsAfter, name);
  slot.run_time = params.get(Param::InitRunTime, name);
  slot.stop_time = {params.get(Param::AppStopTime, name).value};
  slot.pre_stop_time = {params.get(Param::AppPreStopTime, name).value};
  apply_faults(slot);
  images.push_back(std::move(slot));
  return static_cast<std::uint32_t>(images.size() - 1);
}

std::uint32_t SimWorld::Impl::image_of(PodId pod, std::uint32_t c, const ClusterView& view) {
  const event::TemplateId tmpl = view->pods.tmpl[pod.index()];
  if (template_images.size() <= tmpl.index()) template_images.resize(view->templates.size());
  std::vector<std::uint32_t>& row = template_images[tmpl.index()];
  if (row.empty()) {
    const std::size_t count = view.container_count(pod);
    for (std::size_t i = 0; i < count; ++i) row.push_back(intern_image(view.container_spec(pod, i).image));
  }
  return row[c];
}

void SimWorld::Impl::apply_faults(ImageSlot& image) const {
  image.unavailable = image.never_ready = image.crashing = false;
  for (const ImageFault& fault : image_faults) {
    if (!matches_image(fault.pattern, image.name)) continue;
    if (fault.kind == ImageFault::Kind::Unavailable) image.unavailable = true;
    if (fault.kind == ImageFault::Kind::NeverReady) image.never_ready = true;
    if (fault.kind != ImageFault::Kind::Crashing) continue;
    image.crashing = true;
    image.crash_code = fault.exit_code;
    image.crash_after = fault.after;
  }
}

bool SimWorld::Impl::has_image(const NodeSlot& node, std::uint32_t full) const {
  return std::binary_search(node.images.begin(), node.images.end(), full);
}

void SimWorld::Impl::add_image(NodeSlot& node, std::uint32_t full) {
  const auto at = std::lower_bound(node.images.begin(), node.images.end(), full);
  if (at == node.images.end() || *at != full) node.images.insert(at, full);
}

void SimWorld::Impl::ask_pull(PodId pod, std::uint32_t c, const ClusterView& view) {
  ContainerSlot& slot = container(pod, c);
  slot.run = Run::Pulling;
  const NodeId node = pods[pod.index()].node;
  node_slot(node).pulls.add(pod, c, slot.image, images[slot.image].size);
  advance_pulls(node, view);
}

void SimWorld::Impl::advance_pulls(NodeId node, const ClusterView& view) {
  NodeSlot& slot = node_slot(node);
  if (!slot.agent_up) return;  // what arrives while the node agent is down, it finds when it is back
  Pulls::Limits limits;
  limits.bytes_per_second = params.get(Param::ImageBandwidth).value * slot.pull_percent / 100;
  limits.parallel = params.get(Param::ImageParallelPulls).value;
  limits.latency = params.duration(Param::ImagePullLatency);
  std::vector<Pulls::Done> done;
  const auto ask = [&](std::uint32_t image) {
    if (images[image].unavailable) return Pulls::Answer::Unavailable;
    return has_image(slot, images[image].full) ? Pulls::Answer::Present : Pulls::Answer::Fetch;
  };
  slot.pulls.advance(now, limits, ask, done);
  for (const Pulls::Done& d : done)
    if (d.ok) add_image(slot, images[d.pull.image].full);
  // A pod whose pull ended may ask for the next at once; the pulls are planned again after that too.
  const SimTime next = slot.pulls.next(now);
  ++slot.pulls_planned;
  if (next != SimTime::never()) {
    timers.push(next, 0, static_cast<std::uint16_t>(Step::PullsDue), node.value, slot.pulls_planned);
  }
  for (const Pulls::Done& d : done) pull_done(d, view);
}

void SimWorld::Impl::pull_done(const Pulls::Done& done, const ClusterView& view) {
  const PodId pod = done.pull.pod;
  const std::uint32_t c = done.pull.container;
  if (!done.ok) {
    pull_failed(pod, c);
    PodSlot& pod_state = pods[pod.index()];
    if (c >= pod_state.inits && pod_state.next == c) {  // the other containers of the pod do not wait for this one
      ++pod_state.next;
      begin_next(pod, view);
    }
    return;
  }
  ContainerSlot& slot = container(pod, c);
  if (slot.trouble != kNone) troubles[slot.trouble].pull_back_off = {};
  emit(slot.cause, command::ReportImagePulled{{pod, c, images[slot.image].size, now - done.pull.begun}});
  start_container(pod, c, view);
}

void SimWorld::Impl::pull_failed(PodId pod, std::uint32_t c) {
  ContainerSlot& slot = container(pod, c);
  slot.run = Run::BackOff;
  Trouble& t = trouble(slot);
  const bool first = t.pull_back_off.ns == 0;
  const Duration most = params.duration(Param::ImageBackOffMost);
  t.pull_back_off = std::min(first ? params.duration(Param::ImageBackOffFirst) : t.pull_back_off * 2, most);
  emit(slot.cause, command::ReportContainerWaiting{{pod, c, event::WaitingReason::ErrImagePull, t.pull_back_off}});
  const Duration said_after = first ? std::max(pleg_period, base::seconds(1)) : kWorkerBackOff;
  if (said_after < t.pull_back_off) set_container(now + said_after, Step::PullBackOff, pod, c);
  set_container(now + t.pull_back_off, Step::RetryPull, pod, c);
}

void SimWorld::Impl::report_back_off(PodId pod, std::uint32_t c) {
  ContainerSlot& slot = container(pod, c);
  if (slot.run != Run::BackOff) return;
  emit(slot.cause,
       command::ReportContainerWaiting{{pod, c, event::WaitingReason::ImagePullBackOff, trouble(slot).pull_back_off}});
}

void SimWorld::Impl::change_image_fault(const ImageFault& fault, bool on, SimTime at, Seq cause) {
  now = std::max(now, at);
  if (on) {
    image_faults.push_back(fault);
  } else {
    const auto same = [&](const ImageFault& f) { return f.kind == fault.kind && f.pattern == fault.pattern; };
    const auto found = std::find_if(image_faults.begin(), image_faults.end(), same);
    if (found == image_faults.end()) return;
    image_faults.erase(found);  // another of the same pattern may still be on
  }
  for (std::size_t i = 0; i < images.size(); ++i) {
    const ImageSlot before = images[i];
    apply_faults(images[i]);
    const bool changed = before.never_ready != images[i].never_ready || before.crashing != images[i].crashing;
    if (!changed) continue;
    timers.push(now, 0, static_cast<std::uint16_t>(Step::ImageChanged), static_cast<std::uint32_t>(i), cause,
                static_cast<std::uint16_t>(fault.kind));
  }
}

void SimWorld::Impl::image_changed(std::uint32_t image, ImageFault::Kind kind, Seq cause, const ClusterView& view) {
  for (std::size_t p = 0; p < pods.size(); ++p) {
    const PodSlot& slot = pods[p];
    if (slot.stage != Stage::Running) continue;
    const PodId pod(p);
    for (std::uint32_t c = 0; c < slot.count; ++c) {
      ContainerSlot& at = container(pod, c);
      if (at.image != image || at.run != Run::Running) continue;
      at.cause = cause;
      if (kind == ImageFault::Kind::NeverReady) {
        plan_probes(pod, c, now, view);
      } else if (images[image].crashing) {
        end_container(pod, c, images[image].crash_code, event::ExitReason::Error, now + images[image].crash_after,
                      cause);
      }
    }
  }
}

}  // namespace wavetank::world
