#include <array>

#include "cli/commands.h"

namespace spotkeeper::cli {
namespace {

constexpr std::array agent_examples = {
    Example{"spotkeeper agent --node-name $(hostname) --kubeconfig ~/.kube/config --dry-run",
            "watch this machine's metadata service; decide and log, change nothing"},
    Example{"spotkeeper agent --config /etc/spotkeeper.yaml --log-format json", "as a DaemonSet runs it"},
};
constexpr std::array simulate_examples = {
    Example{"spotkeeper simulate zone-storm", "take a third of the nodes away at once and count the lost requests"},
    Example{"spotkeeper simulate zone-storm --seed 7 --policy delete-all-now -o json",
            "the same storm, handled by deleting every pod at once"},
    Example{"spotkeeper simulate one-node --serve --speed 10 --keep",
            "serve a world on loopback for kubectl and a real agent, ten times faster than real time"},
};
constexpr std::array plan_examples = {
    Example{"spotkeeper plan -f manifests/ -f nodepool.yaml",
            "the machines to buy for these workloads, and their price"},
    Example{"kubectl get nodes,pods,nodepools -A -o json | spotkeeper plan -f - -o json",
            "where the pods that are pending in a cluster would go"},
};
constexpr std::array catalog_examples = {
    Example{"spotkeeper catalog", "the instance types that decisions know, with prices and interruption rates"},
    Example{"spotkeeper catalog --catalog types.csv -o json", "check a catalogue of your own, and see what was read"},
};
constexpr std::array migrate_examples = {
    Example{"spotkeeper migrate nth-values values.yaml > agent.yaml",
            "the agent's manifest in place of NTH's chart; what changes goes to standard error"},
    Example{"helm get values nth -n kube-system | spotkeeper migrate nth-values - -o json",
            "manifest, changes and what is not supported in one document"},
};
constexpr std::array version_examples = {
    Example{"spotkeeper version", "which build this is"},
    Example{"spotkeeper version --licences", "the licences of everything that is linked into it"},
};
constexpr std::array completion_examples = {
    Example{"source <(spotkeeper completion bash)", "completion in this bash"},
    Example{"spotkeeper completion zsh > \"${fpath[1]}/_spotkeeper\"", "completion in every new zsh"},
    Example{"spotkeeper completion fish > ~/.config/fish/completions/spotkeeper.fish", "completion in every new fish"},
};
constexpr std::array docs_examples = {
    Example{"spotkeeper docs configuration", "the reference of every option, in Markdown"},
    Example{"spotkeeper docs scenarios", "the reference of scenario files"},
};

constexpr std::array<CommandInfo, command_count> table = {{
    {Command::Agent, "agent", "Watch this node's metadata service and get its pods away in time",
     "Watches the instance metadata service of the machine it runs on. When the machine is told to die, it marks its "
     "Node in one patch and, unless a controller has taken over, drains it so that every pod gets its SIGTERM while "
     "its grace period still fits.\n\n"
     "Runs until SIGTERM; a drain that has begun is finished first.",
     agent_examples, run_agent},
    {Command::Simulate, "simulate", "Run a scenario in a simulated cluster and count the requests lost",
     "Runs a cluster, a cloud and its clients in memory, under virtual time, with the same decisions that a real "
     "cluster would see, and reports the requests lost, the pods killed hard and the time to recover. The same seed "
     "gives the same report.\n\n"
     "With --serve the same world stands behind real protocols on loopback instead, for kubectl and for real agents.",
     simulate_examples, run_simulate},
    {Command::Plan, "plan", "Say which machines to buy for which pods, at what price",
     "Reads workloads, pods, nodes and NodePools, places every pod by the scheduler's own rules on the nodes that are "
     "there and on machines that the NodePools can buy, and prints the machines with their pods, the pods that have no "
     "place with the reason, the cost an hour and a proven bound below which no plan can cost. docs/plan.md has the "
     "rules and the JSON.\n\n"
     "Buys nothing and changes nothing.",
     plan_examples, run_plan},
    {Command::Catalog, "catalog", "Print the instance types that decisions know",
     "Prints the instance catalogue: size, what a node of the type can give to pods, on-demand price, what Spot saves "
     "and how often it is interrupted. docs/catalog.md has the format of a file of your own.",
     catalog_examples, run_catalog},
    {Command::Migrate, "migrate", "Turn another handler's configuration into this one's",
     "Reads the Helm values of AWS Node Termination Handler's chart and prints the manifest of the agent in its place, "
     "which runs as `agent --compat=nth`, and on standard error what changes by it. What is not supported is named "
     "there, and the exit code is then 1.",
     migrate_examples, run_migrate},
    {Command::Version, "version", "Print the version, how it was built, and what is in it",
     "Prints the version, the commit, how the binary was built and hardened, and the libraries in it.",
     version_examples, run_version},
    {Command::Completion, "completion", "Print a completion script for a shell",
     "Prints a script that completes commands, flags and their values in bash, zsh or fish.", completion_examples,
     run_completion},
    {Command::Docs, "docs", "Print a reference page",
     "Prints a page of the documentation that is generated from the program itself.", docs_examples, run_docs},
}};

}  // namespace

std::span<const CommandInfo> command_table() { return table; }

const CommandInfo& info_of(Command command) { return table[static_cast<std::size_t>(command)]; }

}  // namespace spotkeeper::cli
