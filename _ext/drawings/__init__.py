"""The book's drawings by name, each a function that returns an SVG element; `canvas` is the language they speak."""

from collections.abc import Callable

from _ext.drawings import model, systems, training

DRAWINGS: dict[str, Callable[[], str]] = {
    drawing.__name__: drawing
    for drawing in (
        model.language,
        model.bigram_graph,
        model.fair_die,
        model.text_to_ids,
        model.table_lookup,
        model.clocks,
        model.attention,
        model.key_value_sharing,
        model.flash_tiles,
        model.feed_forward,
        model.experts,
        model.decoder_block,
        model.norm_placement,
        training.shifted_targets,
        training.optimizers,
        training.writing_loop,
        training.beam_tree,
        training.growing_cache,
        training.state_machine,
        training.sinks,
        training.low_rank_update,
        systems.families,
        systems.agent_and_image,
    )
}
