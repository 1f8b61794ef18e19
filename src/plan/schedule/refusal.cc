#include "plan/schedule/refusal.h"

namespace spotkeeper::plan {

std::string_view text_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::None: return "nothing";
    case Refusal::Name: return "another name";
    case Refusal::Cordoned: return "cordoned";
    case Refusal::Taint: return "a taint that it does not tolerate";
    case Refusal::Selector: return "labels that its node selector or node affinity does not match";
    case Refusal::Architecture: return "another architecture than the default one, and it names none";
    case Refusal::VolumePlace: return "out of reach of its volumes";
    case Refusal::Pods: return "no more pods";
    case Refusal::Cpu: return "too little CPU";
    case Refusal::Memory: return "too little memory";
    case Refusal::Other: return "too little of another resource that it requests";
    case Refusal::Ports: return "its host port in use";
    case Refusal::Attachments: return "no more volumes";
    case Refusal::Exclusive: return "its ReadWriteOncePod claim in use by another pod";
    case Refusal::Spread: return "more of its like than its topology spread lets be there";
    case Refusal::Affinity: return "none of the pods that its affinity asks for";
    case Refusal::AntiAffinity: return "a pod that its anti-affinity keeps away from";
    case Refusal::Repelled: return "a pod whose anti-affinity keeps it away";
    case Refusal::SpotShare: return "too much of its workload in that Spot pool already";
    case Refusal::NodeShare: return "too much of its workload already";
    case Refusal::PoolLimit: return "no room within the NodePool's limits";
    case Refusal::MinValues: return "too few types left to choose from for the NodePool's minValues";
    case Refusal::SpotLimit: return "Spot capacity, of which its workload may have no more";
    case Refusal::Steady: return "Spot's short notice, and it takes longer to end or keeps data";
  }
  return "";
}

}  // namespace spotkeeper::plan
