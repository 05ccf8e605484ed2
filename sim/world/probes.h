#pragma once
// When a probe of the kubelet succeeds or fails for good, computed and not simulated: a steady probe says nothing new.
//
// The prober's worker for a container ticks every periodSeconds from an anchor; ticks before the container's start plus
// initialDelaySeconds do nothing. Startup and liveness workers are anchored at the moment the node agent took up the
// pod. A readiness worker is triggered, and its ticker reset, when the container is seen to have started (or its
// startup probe succeeds), so that is its anchor. A probe of an app that does not answer fails at once (connection
// refused): timeoutSeconds matters to hanging apps only, which are not modelled. Source: pkg/kubelet/prober/worker.go,
// prober_manager.go (UpdatePodStatus) of 1.34.

#include "engine/base/time.h"
#include "engine/model/types.h"

namespace wavetank::world {

/// A container as its prober sees it.
struct Probed {
  base::SimTime anchor;   ///< A tick of the worker.
  base::SimTime started;  ///< The container's start.
  base::SimTime from;     ///< Ticks before this are past, or not allowed yet.
};

/// The first tick that probes.
base::SimTime first_probe(const model::Probe& probe, const Probed& at);
/// When successThreshold probes in a row have succeeded, for an app that answers from `answers` on; never if it never
/// does.
base::SimTime success_time(const model::Probe& probe, const Probed& at, base::SimTime answers);
/// When failureThreshold probes in a row have failed; never if the app answers one of them.
base::SimTime failure_time(const model::Probe& probe, const Probed& at, base::SimTime answers);

}  // namespace wavetank::world
