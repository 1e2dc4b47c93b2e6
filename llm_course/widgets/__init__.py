"""The course's widgets. Each runs in JupyterLab and, without a kernel, in the built book."""

from .agent_stepper import AgentStepper
from .attention_explorer import AttentionExplorer
from .bpe_stepper import BPEStepper
from .compute_optimal import ComputeOptimal
from .context_cost import ContextCost
from .decoder_map import DecoderMap
from .injection_range import InjectionRange
from .items_needed import ItemsNeeded
from .lora_lab import LoRALab
from .metric_switch import MetricSwitch
from .needle_explorer import NeedleExplorer
from .neighbours_map import NeighboursMap
from .next_token_bars import NextTokenBars
from .norm_lab import NormLab
from .objective_lab import ObjectiveLab
from .parameter_budget import ParameterBudget
from .pattern_lab import PatternLab
from .policy_lab import PolicyLab
from .position_dial import PositionDial
from .preference_dial import PreferenceDial
from .quantization_microscope import QuantizationMicroscope
from .reliability_dial import ReliabilityDial
from .rent_or_own import RentOrOwn
from .sampling_playground import SamplingPlayground
from .serving_arena import ServingArena
from .speculation_lab import SpeculationLab
from .timeline import Timeline
from .token_cost import TokenCost
from .unmasking_stepper import UnmaskingStepper

__all__ = [
    "AgentStepper",
    "AttentionExplorer",
    "BPEStepper",
    "ComputeOptimal",
    "ContextCost",
    "DecoderMap",
    "InjectionRange",
    "ItemsNeeded",
    "LoRALab",
    "MetricSwitch",
    "NeedleExplorer",
    "NeighboursMap",
    "NextTokenBars",
    "NormLab",
    "ObjectiveLab",
    "ParameterBudget",
    "PatternLab",
    "PolicyLab",
    "PositionDial",
    "PreferenceDial",
    "QuantizationMicroscope",
    "ReliabilityDial",
    "RentOrOwn",
    "SamplingPlayground",
    "ServingArena",
    "SpeculationLab",
    "Timeline",
    "TokenCost",
    "UnmaskingStepper",
]
