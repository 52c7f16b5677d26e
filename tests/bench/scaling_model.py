"""The model of bench/scaling against cases computed by hand, and what it is told by the programs of bench/plans.

scaling_model.py FOLDER: of the build.
"""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

import scaling_model as model
import scaling_plan
import scaling_schedule as schedule
from runs import Failure
from scaling_networks import Network
from scaling_plan import Cluster, Plans, Round

SLOW = Network("slow", bandwidth=128, latency=0.5, overhead=0.25, inner_bandwidth=1024, inner_latency=0.125)
BUILD = sys.argv.pop(1)
PLANS = Plans(BUILD, shards=8)


def replay(step, cluster):
    return model.replay(step, SLOW, PLANS.starts(step, cluster))


class Model(unittest.TestCase):
    def test_one_rank_computes_only(self):
        times = replay([("weights", 4), ("compute", 2.0), ("sum", 16), ("finish", None)], Cluster(1, 1))
        self.assertEqual(times["step"], 2.0)

    def test_two_hosts(self):
        """Computing 1; a sum of 128 bytes: sent 0.25, on the link 1, on the way 0.5, received 0.25.

        The loss, 24 bytes, is sent 0.25, on the link 0.1875, on the way 0.5; meanwhile 16 bytes are sent; received 0.5.
        """
        step = [("weights", 4), ("compute", 1.0), ("sum", 16), ("gradient", None), ("finish", None)]
        times = replay(step, Cluster(2, 1))
        self.assertEqual((times["compute"], times["sums"], times["finish"]), (1.0, 2.0, 1.1875))
        self.assertEqual(model.efficiency(step, times), 1 / 4.4375)

    def test_two_ranks_of_a_node(self):
        """0.25, then 0.125 and 128 bytes at 1024 a second, then 0.25."""
        self.assertEqual(replay([("weights", 0), ("sum", 16)], Cluster(2, 2))["sums"], 0.75)

    def test_a_bucket_is_on_its_way_while_the_rest_is_computed(self):
        """2 MiB leave in two rounds of 1 MiB, which take 8192.5 s each; 10,000 s of computing hide the first."""
        step = [("weights", 1 << 19), ("gradient", None), ("ready", 0), ("compute", 10000.0), ("ready", 0), ("finish", None)]  # fmt: skip
        times = replay(step, Cluster(2, 1))
        self.assertEqual(times["finish"], 8192.5 + 0.25)
        loss = 0.25 + 0.25
        self.assertEqual(times["step"], loss + 0.25 + 10000 + 0.25 + 0.25 + 8192.5 + 0.25)


class Sums(unittest.TestCase):
    def rounds(self, cluster, way="levels"):
        """Of a BatchNorm's sum and of a bucket."""
        step = [("weights", PLANS.bucket()), ("sum", 2000), ("gradient", None), ("ready", 0)]
        _, short, _, large = PLANS.starts(step, cluster, way)
        return short[0], large[0]

    def test_messages_are_those_of_the_plans(self):
        """As docs/architecture.md counts them: 2 (15 + 7 + 7) messages for 1,024 ranks on 64 nodes."""
        short, large = self.rounds(Cluster(1024, 16))
        self.assertEqual((len(large), sum(r.sends for r in large)), (6, 58))
        size = 16000
        fan_in, fan_out = Round(1, 15, size, 0), Round(15, 1, size, 0)
        self.assertEqual(short, [fan_in, *[Round(1, 1, 0, size)] * 6, fan_out])

    def test_a_gradient_crosses_a_node_s_link_about_once_each_way(self):
        _, large = self.rounds(Cluster(1024, 16))
        self.assertEqual(sum(r.outer_bytes for r in large), 2 * (1 << 20) * 63 / 64)

    def test_a_tree_takes_as_many_rounds_as_its_deepest_leaf(self):
        """9 ranks, up and down: the deepest is rank 7, whose sum goes to 6, 4 and 0."""
        self.assertEqual(len(self.rounds(Cluster(9, 1))[0]), 2 * 3)
        self.assertEqual(len(self.rounds(Cluster(3, 1))[0]), 1)

    def test_direct_sums_know_no_nodes(self):
        short, large = self.rounds(Cluster(16, 4), "direct")
        self.assertEqual([(r.inner_bytes, r.outer_bytes) for r in short], [(16000, 0)] * 2 + [(0, 64000)] * 2)
        self.assertEqual(large, [Round(15, 15, 3 << 16, 48 << 16)] * 2)

    def test_sums_start_where_the_calls_of_comm_start_them(self):
        bucket = PLANS.bucket()
        step = [("weights", bucket + 9), ("agree", None), ("compute", 1.0), ("sum", 4), ("agreed", None),
                ("gradient", None), ("ready", 10), ("ready", 9), ("ready", 2), ("finish", None)]  # fmt: skip
        self.assertEqual([len(s) for s in PLANS.starts(step, Cluster(2, 1))], [0, 1, 0, 1, 0, 1, 0, 1, 0, 1])

    def test_a_failure_is_the_program_s_line(self):
        with self.assertRaisesRegex(Failure, "line 1: nothing that a step does: sum -1"):
            PLANS.starts([("sum", -1)], Cluster(2, 1))


class Schedule(unittest.TestCase):
    def test_the_order_is_that_of_a_step(self):
        order = scaling_plan.order(BUILD)
        calls = [action["do"] for action in order if action["do"] != "compute"]
        ready = [action["number"] for action in order if action["do"] == "ready"]
        layers = 52  # with a BatchNorm
        self.assertEqual(order[0], {"do": "weights", "number": 2236682})
        self.assertEqual(calls[1:], ["agree", *["sum"] * layers, "agreed", "gradient", *["sum", "ready"] * layers,
                                     "ready", "finish"])  # fmt: skip
        self.assertEqual((ready, ready[-1]), (sorted(ready, reverse=True), 0))
        self.assertEqual([a["layer"] for a in order if a.get("phase") == "forward"][:2], ["stem", "block1.depthwise"])

    def test_a_schedule_has_the_order_with_the_measured_times(self):
        def layer(name, way, seconds):
            return {"name": name, "pass": way, "seconds": seconds}

        def compute(phase, name=None):
            return {"do": "compute", "phase": phase} | ({"layer": name} if name else {})

        figures = {
            "layers": [layer("stem", "forward", 1.0), layer("stem", "backward", 2.0), layer("dense", "backward", 4.0)],
            "layer_classes": [{"name": "packing of weights", "seconds": 0.5},
                              {"name": "collecting of gradients", "seconds": 8.0}],
            "phases": {"loss": 0.25, "update": 0.75},
        }  # fmt: skip
        order = [
            {"do": "weights", "number": 80}, {"do": "agree"}, compute("pack"), compute("forward", "stem"),
            {"do": "sum", "number": 32}, compute("forward", "not measured"), {"do": "agreed"}, compute("loss"),
            {"do": "gradient"}, compute("backward", "dense"), compute("collect", "dense"), {"do": "sum", "number": 32},
            {"do": "ready", "number": 60}, compute("backward", "stem"), compute("collect", "stem"),
            {"do": "ready", "number": 0}, {"do": "finish"}, compute("update"),
        ]  # fmt: skip
        self.assertEqual(
            schedule.rows(figures, order),
            [("weights", 80), ("agree", None), ("compute", 0.5), ("compute", 1.0), ("sum", 32), ("agreed", None),
             ("compute", 0.25), ("gradient", None), ("compute", 4.0 + 2.0), ("sum", 32), ("ready", 60),
             ("compute", 2.0 + 6.0), ("ready", 0), ("finish", None), ("compute", 0.75)],
        )  # fmt: skip


if __name__ == "__main__":
    unittest.main()
