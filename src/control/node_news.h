// What people are told of the end of the agent's own node, and when: at its notice, when nothing is left that could be
// moved (or the notice is over), and when something keeps that from being so in time.
//
// Told where it happens, so that an agent that was started anew tells nothing again that stands on the Node already. It
// costs nothing where there is nobody to tell.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "control/agenda.h"
#include "control/agent_clock.h"
#include "control/ports.h"
#include "model/interruption.h"
#include "model/names.h"
#include "plan/interruption/interruption.h"

namespace spotkeeper::observe {
struct NthEvent;
enum class Moment;
enum class Ending;
}  // namespace spotkeeper::observe

namespace spotkeeper::control {

class NodeNews {
 public:
  /// Fills in what is known of the machine, the Node and its pods.
  using Describe = std::function<void(observe::NthEvent&)>;

  /// Whether notices of this kind are followed by a drain.
  using Drains = std::function<bool(InterruptionKind)>;

  /// `clock` and `messenger` outlive this; `messenger` may be null.
  NodeNews(NodeName node, const AgentClock& clock, Messenger* messenger, Describe describe, Drains drains)
      : node_(std::move(node)),
        clock_(clock),
        messenger_(messenger),
        describe_(std::move(describe)),
        drains_(std::move(drains)) {}

  /// There is somebody to tell.
  [[nodiscard]] bool heard() const { return messenger_ != nullptr; }
  /// The Node has been marked because of it.
  void notice(const Interruption& what);
  /// Tells a notice for which the Node could not be marked for 5 s all the same.
  void look(const std::optional<Interruption>& what, const std::optional<plan::NodeMark>& mark, Agenda& agenda);
  /// Nothing is left that could be moved. `moved`: there was something; if not, it is told only where the notice was
  /// told by this process. To be called as long as it is so.
  void drained(const Interruption& what, bool moved);
  /// The notice counts no more.
  void over(const Interruption& what, std::string_view why);
  /// Something keeps its node from being emptied in time: the first thing that does is told.
  void trouble(const Interruption& what, std::string sentence);

  /// The same, and the drain's time is over.
  void not_drained(const Interruption& what, const std::string& sentence);

 private:
  /// Nothing is told of a notice before itself. One that stands on the Node was told, by this process or the last.
  void notice_first(const Interruption& what);
  void tell(observe::Moment moment, const Interruption& what, std::string sentence, observe::Ending ending);

  NodeName node_;
  const AgentClock& clock_;
  Messenger* messenger_;
  Describe describe_;
  Drains drains_;
  std::string noticed_;   // the id of the notice that was told last
  std::string done_;      // of the one whose end was
  std::string awaited_;   // of the one whose mark is waited for
  Steady tell_at_;        // when that is told without one
  bool on_node_ = false;  // the Node's mark names what there is
};

}  // namespace spotkeeper::control
