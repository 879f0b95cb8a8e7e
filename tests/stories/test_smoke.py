from tests.world import World


def test_a_silent_owner_is_escalated_to_her_manager(on_both: World) -> None:
    on_both.open()
    on_both.pass_time(days=1)
    assert [(t.kind, t.task) for t in on_both.told("bob")] == [("escalation", "diagnosis")]
