import time
from promptlab.tui import key_order
async def test_it(start, monkeypatch):
    orig = key_order.KeyOrder._settled
    async def timed(self):
        t=time.perf_counter(); await orig(self); print('settled', round((time.perf_counter()-t)*1000,1),'ms', self._app.focused)
    monkeypatch.setattr(key_order.KeyOrder,'_settled',timed)
    async with start() as (app,pilot,engine):
        for k in ['down','i','x','enter','escape','shift+tab','A','escape','tab','tab','n','f2','escape','ctrl+p','q','escape','1','2','3','4','5','6','7','1','f1','escape','m','escape']:
            t=time.perf_counter(); await pilot.press(k); print(k, round((time.perf_counter()-t)*1000))
