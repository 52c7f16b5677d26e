"""The model of bench/scaling against cases computed by hand, and against what tests/comm/test_plan.c counts."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

import scaling_model as model
import scaling_schedule as schedule
from scaling_networks import Network

SLOW = Network("slow", bandwidth=128, latency=0.5, overhead=0.25, inner_bandwidth=1024, inner_latency=0.125)


class Model(unittest.TestCase):
    def test_one_rank_computes_only(self):
        times = model.replay([("weights", 4), ("compute", 2.0), ("sum", 16), ("finish", None)], SLOW, model.Cluster(1, 1))
        self.assertEqual(times["step"], 2.0)

    def test_two_hosts(self):
        """Computing 1; a sum of 128 bytes: sent 0.25, on the link 1, on the way 0.5, received 0.25; 16 bytes likewise."""
        step = [("weights", 4), ("compute", 1.0), ("sum", 16), ("finish", None)]
        times = model.replay(step, SLOW, model.Cluster(2, 1))
        self.assertEqual((times["compute"], times["sums"], times["finish"]), (1.0, 2.0, 1.125))
        self.assertEqual(model.efficiency(step, times), 1 / 4.125)

    def test_two_ranks_of_a_node(self):
        """0.25, then 0.125 and 128 bytes at 1024 a second, then 0.25."""
        times = model.replay([("weights", 0), ("sum", 16)], SLOW, model.Cluster(2, 2))
        self.assertEqual(times["sums"], 0.75)

    def test_a_bucket_is_on_its_way_while_the_rest_is_computed(self):
        """2 MiB leave in two rounds of 1 MiB, which take 8192.5 s each; 10,000 s of computing hide the first."""
        step = [("weights", 1 << 19), ("ready", 0), ("compute", 10000.0), ("ready", 0), ("finish", None)]
        times = model.replay(step, SLOW, model.Cluster(2, 1))
        self.assertEqual(times["finish"], 8192.5 + 0.25)
        self.assertEqual(times["step"], 0.25 + 10000 + 0.25 + 0.25 + 8192.5 + 0.25)

    def test_rounds_are_those_of_the_plan(self):
        """As docs/architecture.md counts them: 2 (15 + 7 + 7) messages for 1,024 ranks on 64 nodes."""
        large = model.plan(model.Cluster(1024, 16), 1 << 18, 4)
        self.assertEqual((len(large), sum(r.sends for r in large)), (6, 58))
        short = model.plan(model.Cluster(1024, 16), 2000, 8)
        self.assertEqual([(r.sends, r.receives) for r in short], [(1, 15)] + [(1, 1)] * 6 + [(15, 1)])
        along_tree = model.plan(model.Cluster(9, 1), 19, 4)
        self.assertEqual(len(along_tree), 8)
        self.assertEqual(len(model.plan(model.Cluster(3, 1), 19, 4)), 1)

    def test_a_gradient_crosses_a_node_s_link_about_once_each_way(self):
        rounds = model.plan(model.Cluster(1024, 16), 1 << 18, 4)
        self.assertAlmostEqual(sum(r.outer_bytes for r in rounds), 2 * (1 << 20) * 63 / 64)

    def test_a_schedule_has_the_step_s_order_and_sizes(self):
        def layer(name, kind, way, cin, cout):
            return {"name": name, "kind": kind, "pass": way, "cin": cin, "cout": cout, "seconds": 1.0}

        figures = {
            "layers": [layer("stem", "stem", w, 3, 12) for w in ("forward", "backward")]
            + [layer("dense", "dense", w, 12, 2) for w in ("forward", "backward")],
            "layer_classes": [{"name": "packing of weights", "seconds": 0.5},
                              {"name": "collecting of gradients", "seconds": 0.0}],
            "phases": {"loss": 0.25, "update": 0.75},
        }  # fmt: skip
        size = 12 * 27 + 2 * 12 + 13 * 2
        self.assertEqual(
            schedule.rows(figures),
            [("weights", size), ("agree", None), ("compute", 0.5), ("compute", 1.0), ("sum", 32), ("compute", 1.0),
             ("agreed", None), ("compute", 0.25), ("gradient", None), ("compute", 1.0),
             ("sum", 32), ("ready", size - 26), ("compute", 1.0), ("ready", 0), ("finish", None), ("compute", 0.75)],
        )  # fmt: skip


if __name__ == "__main__":
    unittest.main()
