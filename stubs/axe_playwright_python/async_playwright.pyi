from playwright.async_api import Page

class AxeResults:
    violations_count: int
    def generate_report(self) -> str: ...

class Axe:
    async def run(self, page: Page) -> AxeResults: ...
