"""What can be said about a network: overflow profiles now; bounds, plans and cost later."""

from isobit.analysis.profile import OverflowCount, Profile, profile_graph

__all__ = ["OverflowCount", "Profile", "profile_graph"]
