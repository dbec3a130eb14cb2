"""The peers, in the order of tables: each engine's best case first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.peers.cedar import CedarAccount, CedarSlices
from bench.peers.iam_simulate import IamSimulateCore, IamSimulateDocumented
from bench.peers.pycasbin import Casbin
from bench.peers.rego import RegoInterpreter, RegoMachine

if TYPE_CHECKING:
    from bench.peers.peer import Peer

PEERS: tuple[Peer, ...] = (
    RegoMachine(),
    RegoInterpreter(),
    CedarSlices(),
    CedarAccount(),
    Casbin(),
    IamSimulateCore(),
    IamSimulateDocumented(),
)
